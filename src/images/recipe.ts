import { expectKind } from "../border/kinds.js";
import { expectOneOf, expectOptions } from "../border/options.js";
import type { DataSet } from "../data/index.js";
import { DataError, UsageError } from "../errors.js";
import type { JsonObject } from "../json.js";
import { takeSpread } from "../measure/batches.js";
import type { FitOptions, TrainingOptions } from "../train/index.js";
import type { NumberArray, Shape } from "../tree.js";

/** Models that learn pictures with nothing set by hand. */
export const pictureModels = [
  "i-resnet-density",
  "i-resnet-classifier",
  "i-resnet-hybrid",
] as const;

export type PictureModel = (typeof pictureModels)[number];

export interface PictureRecipeOptions {
  /** Kind of the model; `i-resnet-density` unless given. */
  readonly model?: string | undefined;
  /** Most steps of the training; unless given, by the number of pictures. */
  readonly steps?: number | undefined;
}

/** A model and its training, for the pictures at hand. */
export interface PictureRecipe {
  /** For `createModel`. */
  readonly model: { readonly kind: PictureModel; readonly config: JsonObject };
  readonly training: TrainingOptions;
  /** The likelihood of held-out pictures ends the training, and its best is kept. */
  readonly stopping: Required<Pick<FitOptions, "validateEvery" | "patience">>;
}

/** Scales that images are halved to, at most. */
const mostScales = 3;
/** Pixels that are left along each side, at least. */
const leastSide = 4;
/** Pictures that a recipe looks at. */
const mostSeen = 2000;
/** Share of pixels at 0 or 255 above which they are taken by their logit. */
const manyExtremes = 0.05;
const validations = 20;
const patience = 5;

/**
 * The recipe for a set of pictures: the more of them, the more blocks, and the larger, the more
 * scales.
 *
 * Pixels of pictures with much pure black or white, such as drawings and scans, are taken by their
 * logit, which gives those their own tails; of others about their centre.
 *
 * @param data from {@link pictureData}, or any of pixels
 * @throws {UsageError} if an option is unknown, the model isn't one of {@link pictureModels}, or the sides
 * of the images are odd.
 * @throws {DataError} if the data aren't images of pixels, or have no classes where the model needs them.
 */
export async function pictureRecipe(
  data: DataSet,
  options: PictureRecipeOptions = {},
): Promise<PictureRecipe> {
  expectKind(data, "data set", "pictureRecipe");
  expectOptions(options, ["model", "steps"], "pictureRecipe");
  const kind = expectOneOf(
    options.model ?? "i-resnet-density",
    pictureModels,
    "pictureRecipe: model",
  );
  const { name, shape, pixels, classes } = data;
  if (!pixels || shape.length !== 3) {
    throw new DataError(
      `pictureRecipe: expected images of pixels, got ${name} of shape [${shape}]; take pictureData`,
      { name },
    );
  }
  if (kind !== "i-resnet-density" && classes.length < 2) {
    throw new DataError(
      `${name}: expected subfolders of at least 2 classes for ${kind}, got ${classes.length === 0 ? "none" : classes.join(", ")}; sort the pictures into one for each class, or learn a density`,
      { name },
    );
  }
  if (kind !== "i-resnet-density" && data.condition > 0) {
    throw new UsageError(
      `pictureRecipe: expected i-resnet-density for a condition, got ${kind}, which takes none; choose that model, or leave the condition out`,
      { name: "model" },
    );
  }
  const train = await data.split("train");
  const { x } = takeSpread(train, mostSeen);
  const size = {
    shape,
    count: train.count,
    classes: classes.length,
    condition: data.condition,
    steps: options.steps,
  };
  const { model, training } =
    kind === "i-resnet-classifier" ? classifier(size, x) : density(kind, size, x);
  return {
    model,
    training,
    stopping: { validateEvery: Math.ceil(training.steps / validations), patience },
  };
}

/**
 * How often images can be halved: at most thrice, and to 4 pixels a side at least.
 * @throws {UsageError} if a side is odd or shorter than 2, with the nearest sizes that aren't.
 */
export function pictureScales(shape: Shape): number {
  expectKind(shape, "list", "pictureScales");
  const [, height = 0, width = 0] = shape;
  const halvable = (scales: number): boolean =>
    [height, width].every((side) => side > 0 && side % 2 ** scales === 0);
  if (!halvable(1)) {
    const even = (side: number, round: (half: number) => number): number =>
      Math.max(2, 2 * round(side / 2));
    const sizes = [Math.floor, Math.ceil].map(
      (round) => `${even(width, round)}x${even(height, round)}`,
    );
    throw new UsageError(
      `pictures: expected an even width and height, since images are halved, got ${width} x ${height} (width x height); bring them to a size of ${[...new Set(sizes)].join(" or ")}`,
      { name: "size" },
    );
  }
  let scales = 1;
  while (
    scales < mostScales &&
    halvable(scales + 1) &&
    Math.min(height, width) >= leastSide * 2 ** (scales + 1)
  ) {
    scales++;
  }
  return scales;
}

interface SetSize {
  readonly shape: Shape;
  /** Pictures to train on. */
  readonly count: number;
  readonly classes: number;
  /** Features of the condition; 0 for none. */
  readonly condition: number;
  readonly steps: number | undefined;
}

type Learned = Pick<PictureRecipe, "model" | "training">;

function density(
  kind: Exclude<PictureModel, "i-resnet-classifier">,
  { shape, count, classes, condition, ...size }: SetSize,
  { data }: NumberArray,
): Learned {
  const extremes = share(data, (value) => value === 0 || value === 255);
  const isLarge = shape[0] === 3 && count >= 5000;
  const batchSize = isLarge ? 32 : 16;
  const { steps = within(1500, Math.round((60 * count) / batchSize), 13_000) } = size;
  return {
    model: {
      kind,
      config: {
        shape,
        blocks: Array<number>(pictureScales(shape)).fill(
          count < 1000 ? 4 : count < 10_000 ? 8 : 12,
        ),
        widths: [isLarge ? 64 : 32],
        pixels: extremes > manyExtremes ? "logit" : "centre",
        activation: "elu",
        c: 0.95,
        ...(kind === "i-resnet-hybrid" && { classes }),
        ...(condition > 0 && { condition }),
      },
    },
    training: {
      steps,
      batchSize: Math.min(batchSize, count),
      optimizer: { kind: "adam", beta2: 0.99 },
      schedule: {
        kind: "cosine",
        learningRate: 0.005,
        warmup: Math.min(100, Math.ceil(steps / 10)),
      },
      clip: 2,
      ema: Math.min(0.998, steps / (steps + 10)),
      powerIterations: 1,
      logDet: { kind: "neumann", terms: 6 },
    },
  };
}

function classifier({ shape, count, classes, ...size }: SetSize, { data }: NumberArray): Learned {
  const scales = pictureScales(shape);
  const mean = share(data, (value) => value);
  const variance = share(data, (value) => (value - mean) ** 2);
  const batchSize = Math.min(64, count);
  const { steps = within(300, Math.round((60 * count) / batchSize), 12_000) } = size;
  return {
    model: {
      kind: "i-resnet-classifier",
      config: {
        shape,
        classes,
        blocks: Array<number>(scales).fill(count < 1000 ? 2 : 4),
        widths: [32, 64, 128].slice(0, scales),
        squeezeFirst: true,
        channels: 16,
        // Pictures that are all alike have no scale.
        centre: { mean, deviation: Math.sqrt(variance) || 1 },
        activation: "elu",
        c: 0.9,
      },
    },
    training: {
      steps,
      batchSize,
      optimizer: { kind: "adam", beta2: 0.99, weightDecay: 0.01 },
      schedule: {
        kind: "cosine",
        learningRate: 0.004,
        warmup: Math.min(100, Math.ceil(steps / 10)),
      },
      powerIterations: 1,
      augmentation: { kind: "translate", by: Math.min(2, Math.min(shape[1]!, shape[2]!) >> 2) },
    },
  };
}

function within(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

/** Mean of a function of the numbers. */
function share(data: ArrayLike<number>, f: (value: number) => number | boolean): number {
  return Array.from(data).reduce((total, value) => total + Number(f(value)), 0) / data.length;
}
