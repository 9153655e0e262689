import { basename, dirname, resolve } from "node:path";
import type { PictureReader } from "../data/pictures/index.js";
import { UsageError } from "../errors.js";
import { pictureRecipe, pictureScales } from "../images/index.js";
import { createModel } from "../models/index.js";
import { sizeOf } from "../tree.js";
import { configureFor, type Overrides } from "./configuration.js";
import type { Listener } from "./listener.js";
import { openRunPictures, readRunPictures, type RunPictures } from "./picture-data.js";
import type { PreparedRun } from "./prepare.js";

/** A folder of pictures, and how they are brought to one size and learned. */
export interface PictureSource extends Pick<
  RunPictures,
  "size" | "fit" | "channels" | "holdout" | "conditional"
> {
  readonly folder: string;
  /** Kind of the model; `i-resnet-density` unless given. */
  readonly model?: string;
}

/** Most pixels of a picture whose size isn't chosen: larger ones train for days. */
const mostPixels = 128 * 128;

/**
 * A run that learns a folder of pictures, ready to train.
 *
 * @throws {UsageError} if an option is out of its range, or the pictures are large, or don't halve,
 * and no other size is chosen.
 * @throws {DataError} naming the file of a damaged picture; if there are too few, sizes differ and none
 * is chosen, or a classifier lacks classes.
 * @throws {FileError} if the folder or a file can't be read.
 */
export async function preparePictures(
  { folder: path, model: kind, ...options }: PictureSource,
  overrides: Omit<Overrides, "data" | "dataDir">,
  listener: Listener,
): Promise<PreparedRun> {
  const folder = resolve(path);
  const isPlain = (kind === undefined || kind === "i-resnet-density") && !options.conditional;
  const labels = isPlain ? "none" : "folders";
  listener.note(`Looking through ${folder}.`);
  const reader = await openRunPictures({ ...options, folder, labels });
  for (const found of reader.summary) listener.note(found);
  const pictures: RunPictures = { ...options, folder, labels, count: reader.count };
  if (options.size === undefined) expectSmall(reader);
  pictureScales(reader.shape);
  const data = await readRunPictures(reader, pictures, listener);
  const { steps } = overrides;
  const { stopping, ...recipe } = await pictureRecipe(data, { model: kind, steps });
  const { validateEvery, patience } = stopping;
  const name = basename(folder);
  const config = {
    ...configureFor(
      { name, folder: dirname(folder) },
      { name: "pictures", ...recipe },
      {
        validateEvery,
        ...overrides,
      },
    ),
    pictures,
    patience,
  };
  return { config, data, model: createModel(config.model.kind, config.model.config) };
}

function expectSmall({ name, shape }: PictureReader): void {
  const [, height = 0, width = 0] = shape;
  if (sizeOf([height, width]) <= mostPixels) return;
  const scale = 64 / Math.max(height, width);
  const even = (side: number): number => Math.max(4, 4 * Math.round((scale * side) / 4));
  throw new UsageError(
    `${name}: expected pictures of at most 128 x 128 unless a size is chosen, got ${width} x ${height} (width x height), which would train for days; choose a size, such as ${even(width)}x${even(height)}`,
    { name: "size" },
  );
}
