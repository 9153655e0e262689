import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encode } from "fast-png";
import type { Pictures } from "../../src/data/pictures/index.js";
import { Random } from "../../src/random.js";

export const kinds = ["light", "striped"] as const;

/** Pixels `[3, height, width]` of a picture: flat and light, or striped, with some noise. */
function pixelsOf(kind: (typeof kinds)[number], [height, width]: readonly number[], key: Random) {
  const size = height! * width!;
  const [base, noise] = [key.split("base").uniform(3), key.split("noise").uniform(3 * size)];
  return new Uint8Array(3 * size).map((_, i) => {
    const column = (i % size) % width!;
    const stripe = kind === "striped" && column % 4 < 2 ? -80 : 0;
    return 120 + 60 * base[Math.floor(i / size)]! + stripe + 12 * noise[i]!;
  });
}

/** Pictures in memory, half of each kind, as a folder's reader gives them. */
export function somePictures(
  count: number,
  { seed = 1, size = [8, 12] as readonly [number, number], labelled = true } = {},
): Pictures {
  const [height, width] = size;
  const shape = [3, height, width];
  const each = Array.from({ length: count }, (_, i) =>
    pixelsOf(kinds[i % 2]!, size, Random.fromSeed(seed).split(i)),
  );
  const pixels = new Uint8Array(count * 3 * height * width);
  each.forEach((one, i) => {
    pixels.set(one, i * one.length);
  });
  return {
    name: "pictures",
    shape,
    to: { height, width, fit: "crop", channels: 3, background: 255 },
    count,
    pixels,
    ...(labelled && { labels: Int32Array.from({ length: count }, (_, i) => i % 2) }),
    classes: labelled ? [...kinds] : [],
    files: each.map((_, i) => `${kinds[i % 2]!}/${String(i).padStart(3, "0")}.png`),
    problems: [],
  };
}

/** The same as files, a subfolder for each kind. */
export async function writePictures(
  folder: string,
  count: number,
  options: { seed?: number; size?: readonly [number, number] } = {},
): Promise<void> {
  const { pixels, shape, files } = somePictures(count, options);
  const [, height = 0, width = 0] = shape;
  const size = height * width;
  for (const kind of kinds) await mkdir(join(folder, kind), { recursive: true });
  for (const [n, file] of files.entries()) {
    const data = new Uint8Array(3 * size).map(
      (_, i) => pixels[(3 * n + (i % 3)) * size + Math.floor(i / 3)]!,
    );
    await writeFile(join(folder, file), encode({ width, height, data, channels: 3, depth: 8 }));
  }
}
