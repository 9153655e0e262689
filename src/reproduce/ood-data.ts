import {
  arrayData,
  imageSetNames,
  range,
  tableSplit,
  type DataSet,
  type Split,
} from "../data/index.js";
import { isMissing, openData } from "../data/files.js";
import { Random } from "../random.js";
import { sameShape, sizeOf, type Shape } from "../tree.js";

/** A set that a density learns. */
export interface Normals {
  readonly data: DataSet;
  /** Where its images come from, in words. */
  readonly source: string;
}

/** Share of a set's test images to learn where there are no others. */
const learned = 0.8;

/**
 * An image set to learn. Of one whose training part is missing, most test images take its place: only
 * the others are scored.
 *
 * @throws {DataError} if none of its files are in the folder, or they are damaged.
 */
export async function openNormals(name: string, folder: string): Promise<Normals> {
  const data = await openData(name, { folder });
  const train = await data.split("train").catch((error: unknown) => {
    if (isMissing(error, name)) return undefined;
    throw error;
  });
  if (train) return { data, source: `${train.count} of its training images` };
  const test = await data.split("test");
  const count = Math.floor(learned * test.count);
  const { x } = test.take(range(0, count));
  return {
    data: arrayData({ name, x, test: { x: test.take(range(count, test.count)).x } }),
    source: `the first ${count} of its test images, a tenth of them held out, as its training images aren't here`,
  };
}

/** Images that a density didn't learn. */
export interface Outliers {
  readonly name: string;
  readonly split: Split;
}

/**
 * Test images of all other sets of the folder with the same shape, then two that are made: images of
 * one grey level each, which nothing is simpler than, and uniform noise.
 */
export async function openOutliers(
  { name, shape }: Pick<DataSet, "name" | "shape">,
  folder: string,
  count: number,
): Promise<readonly Outliers[]> {
  const found: Outliers[] = [];
  for (const other of imageSetNames.filter((one) => one !== name)) {
    const split = await openTest(other, folder, shape);
    if (split) found.push({ name: other, split });
  }
  const random = Random.fromSeed(0).split("figure-ood");
  const size = sizeOf(shape);
  const levels = random.split("flat").uniform(count);
  const noise = random.split("noise").uniform(count * size);
  const made = (of: (i: number) => number): Split => {
    const data = new Uint8Array(count * size).map((_, i) => 256 * of(i));
    return tableSplit("test", { x: { shape: [count, ...shape], data } });
  };
  return [
    ...found,
    { name: "one grey level", split: made((i) => levels[Math.floor(i / size)]!) },
    { name: "uniform noise", split: made((i) => noise[i]!) },
  ];
}

async function openTest(name: string, folder: string, shape: Shape): Promise<Split | undefined> {
  try {
    const data = await openData(name, { folder });
    return sameShape(data.shape, shape) ? await data.split("test") : undefined;
  } catch (error) {
    if (isMissing(error, name)) return undefined;
    throw error;
  }
}
