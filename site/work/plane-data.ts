import { ndarray, Random, toyData, type DataSet, type Split, type ToyName } from "iresnet";

/** A density of the library by its name, or points drawn by hand. */
export type PlaneSource = ToyName | "drawn";

/** Deviation of the noise about each drawn point: without it the density would be infinite there. */
const drawnNoise = 0.12;
const heldOutPoints = 1000;

/** @param drawn points x, y, x, y, … that are learned if the source is `drawn` */
export function planeData(source: PlaneSource, drawn: ArrayLike<number>): DataSet {
  return source === "drawn" ? drawnData(drawn) : toyData(source);
}

/** Points to measure by, always the same ones. */
export function heldOut(source: PlaneSource, drawn: ArrayLike<number>): Promise<Float32Array> {
  return takeHeldOut(planeData(source, drawn));
}

async function takeHeldOut(data: DataSet): Promise<Float32Array> {
  const test = await data.split("test");
  const { x } = test.take(Array.from({ length: heldOutPoints }, (_, i) => i));
  return Float32Array.from(x.data);
}

/** Drawn points as a data set: each draw is one of them with a little noise. */
function drawnData(points: ArrayLike<number>): DataSet {
  const draw = (n: number, random: Random): { x: ReturnType<typeof ndarray> } => {
    const picks = random.split("pick").uniform(n);
    const noise = random.split("noise").normal(2 * n);
    const data = noise.map(
      (e, i) =>
        points[2 * Math.floor((picks[i >> 1]! * points.length) / 2) + (i % 2)]! + drawnNoise * e,
    );
    return { x: ndarray(data, [n, 2]) };
  };
  const split = (name: Split["name"]): Split => {
    if (name === "train") {
      return { name, count: Infinity, draw, take: () => draw(1, Random.fromSeed(0)) };
    }
    const { x } = draw(heldOutPoints, Random.fromSeed(1).split(name));
    return {
      name,
      count: heldOutPoints,
      take: (indices) => ({
        x: ndarray(
          Array.from(indices).flatMap((i) => [x.data[2 * i]!, x.data[2 * i + 1]!]),
          [indices.length, 2],
        ),
      }),
    };
  };
  return {
    name: "drawn",
    shape: [2],
    pixels: false,
    classes: [],
    condition: 0,
    warnings: [],
    split: (name) => Promise.resolve(split(name)),
  };
}
