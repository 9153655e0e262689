import { expectArray, expectFinite } from "../border/arrays.js";
import {
  augment,
  BatchOrder,
  keepsWhole,
  oneHot,
  prepare,
  prepareCondition,
  type Augmentation,
  type DataSet,
  type Examples,
  type Rows,
  type Split,
} from "../data/index.js";
import { DataError, UsageError } from "../errors.js";
import type { Model } from "../models/index.js";
import { Random } from "../random.js";
import { sameShape, sizeOf, type Arrays, type NDArray, type NumberArray } from "../tree.js";
import type { TrainingConfig } from "./config.js";

/** The part `rank` of `size` equal ones: its rows are those behind the parts before. */
export interface Part {
  /** 0 at first. */
  readonly rank: number;
  readonly size: number;
}

const all: Part = { rank: 0, size: 1 };

/** Where training gets its batches. A batch is a function of the step alone, so runs resume. */
export interface BatchSource {
  /** Examples of an epoch; `Infinity` if each is fresh. */
  readonly count: number;
  /** The batch of the step that follows `step` steps, or an equal part of it. */
  readonly batch: (step: number, part?: Part) => Arrays;
  /**
   * `n` examples, or all if there are fewer: what initialisation looks at. Nothing is augmented but
   * what a classifier is trained with noise on.
   */
  readonly examples: (n: number) => Arrays;
}

/**
 * The batches that a model takes of a data set: x as the data's preprocessing prepares it, varied at
 * random where the configuration says so; one-hot labels y; a condition, or else one-hot labels as
 * one; weights.
 *
 * @throws {DataError} naming what of the data doesn't fit the model, or has no training rows.
 * @throws {UsageError} if the batch size isn't from 1 to the count of rows, or the augmentation
 * doesn't suit the data.
 */
export async function batchesOf(
  data: DataSet,
  model: Model,
  { seed, batchSize, augmentation }: Pick<TrainingConfig, "seed" | "batchSize" | "augmentation">,
): Promise<BatchSource> {
  expectFit(data, model);
  expectAugmentation(augmentation, data, model);
  const split = await data.split("train");
  const random = Random.fromSeed(seed).split("data");
  const noise = random.split("augmentation");
  const batch = (rows: Rows): Arrays => batchOf(rows, data, model);
  // Layers that set themselves would blow a classifier's column up that hardly varies without the
  // noise of its training; a density's whole numbers get noise of their own.
  const noisy = augmentation.kind === "noise" && !model.density;
  const { rowsOf, examples } = rowsIn(split, batchSize, random);
  return {
    count: split.count,
    batch: (step, part = all) => {
      const { rows, place, first } = rowsOf(step, part);
      const { x, ...rest } = batch(rows);
      const shown = place && { ...place, random: noise };
      return { x: augment(x!, augmentation, noise.split(step), shown, first), ...rest };
    },
    examples: (n) => {
      const { x, ...rest } = batch(examples(n));
      return { x: noisy ? augment(x!, augmentation, noise.split("examples")) : x!, ...rest };
    },
  };
}

/**
 * Checks that a model can be trained and measured on a data set.
 * @throws {DataError} naming the shape, the classes, the pixels or the condition that don't fit.
 */
export function expectFit(data: DataSet, model: Model): void {
  const { x = [], y: [classes] = [], condition: [features] = [] } = model.batch;
  const fail = (expected: string, got: string, remedy: string): DataError =>
    new DataError(
      `${data.name}: expected ${expected} for this ${model.kind}, got ${got}; ${remedy}`,
      {
        name: data.name,
      },
    );
  const other = "choose another model or other data";
  if (!sameShape(x, data.shape)) {
    const { preprocessing } = data;
    const isLess = preprocessing && !sameShape(preprocessing.shape, data.shape);
    throw fail(
      `events of shape [${x}]`,
      `[${data.shape}]${isLess ? ` of [${preprocessing.shape}], as some columns are left out` : ""}`,
      isLess ? "give the model the data set's own `shape`" : other,
    );
  }
  if (classes !== undefined && classes !== data.classes.length) {
    throw fail(`${classes} classes`, `${data.classes.length || "no labels"}`, other);
  }
  if (model.pixels !== data.pixels) {
    throw data.pixels
      ? fail("real numbers", "whole pixels 0…255", "pass `pixels: false` to arrayData")
      : fail("whole pixels 0…255", "real numbers", 'configure the model with `pixels: "real"`');
  }
  if (features === undefined) {
    if (data.condition === 0) return;
    throw fail(
      "no condition",
      `one of ${data.condition} features`,
      `leave it out, or configure the model with condition ${data.condition}`,
    );
  }
  if (data.condition > 0 ? data.condition === features : data.classes.length === features) return;
  throw fail(
    `a condition of ${features} features`,
    data.condition > 0
      ? `one of ${data.condition}`
      : `none${data.classes.length > 0 ? `, and ${data.classes.length} classes in place of one` : ""}`,
    other,
  );
}

/** Noise suits real numbers, in units of their standard deviations; all else images alone. */
function expectAugmentation(augmentation: Augmentation, data: DataSet, model: Model): void {
  const { kind } = augmentation;
  if (kind === "none") return;
  if (kind === "noise" ? data.pixels && !model.classifier : data.shape.length !== 3) {
    throw new UsageError(
      kind === "noise"
        ? `fit: expected an augmentation that keeps pixels whole numbers, got "noise" for ${data.name}; leave it out`
        : `fit: expected an augmentation of images, got "${kind}" for ${data.name} of shape [${data.shape}]; leave it out, or take "noise"`,
    );
  }
  if (!keepsWhole(augmentation) && data.pixels && model.density) {
    throw new UsageError(
      `fit: expected an augmentation that keeps pixels whole numbers, as a density of pixels needs, got "${kind}"; choose "crop" or "none"`,
    );
  }
}

function batchOf(rows: Rows, { preprocessing, ...data }: DataSet, model: Model): Arrays {
  const { x: event, y, condition: features } = model.batch;
  const where = `fit: rows of ${data.name}`;
  const count = rows.x.shape[0]!;
  const own = preprocessing?.shape ?? event!;
  const array = expectArray(rows.x, { where, name: "x", event: own });
  const { x, step } = prepare(array, preprocessing);
  const marks = (): NDArray => {
    const { labels } = rows;
    if (labels?.length === count) return oneHot(labels, data.classes.length);
    throw new DataError(`${where}: expected ${count} labels, got ${labels?.length ?? "none"}`, {
      name: "labels",
    });
  };
  return {
    x,
    ...(step && model.density && { step }),
    ...(y && { y: marks() }),
    ...(features && {
      condition:
        data.condition > 0
          ? prepareCondition(
              expectArray(rows.condition, {
                where,
                name: "condition",
                rows: count,
                event: features,
              }),
              preprocessing,
            )
          : marks(),
    }),
    ...(rows.weights && { weight: weightsOf(rows.weights, count, where) }),
  };
}

function weightsOf(data: Float32Array, count: number, where: string): NDArray {
  const weight = { shape: [count], data };
  expectArray(weight, { where, name: "weights", rows: count });
  expectFinite(weight, { where, name: "weights" });
  return weight;
}

interface RowSource {
  readonly rowsOf: (step: number, part: Part) => PartOfRows;
  readonly examples: (n: number) => Rows;
}

interface PartOfRows {
  readonly rows: Rows;
  /** Which rows of a finite split they are, and when. */
  readonly place?: Omit<Examples, "random">;
  /** Place of the first one in the batch. */
  readonly first: number;
}

/** Fresh rows of an endless split; rows of a finite one, shuffled in each epoch. */
function rowsIn(split: Split, batchSize: number, random: Random): RowSource {
  const bounds = ({ rank, size }: Part): readonly [first: number, end: number] => [
    (rank * batchSize) / size,
    ((rank + 1) * batchSize) / size,
  ];
  if (split.draw) {
    const draw = (n: number, label: string | number): Rows => split.draw!(n, random.split(label));
    return {
      rowsOf: (step, part) => {
        const [first, end] = bounds(part);
        const rows = draw(batchSize, step);
        return { rows: part.size === 1 ? rows : sliceRows(rows, first, end), first };
      },
      examples: (n) => draw(n, "examples"),
    };
  }
  const { count } = split;
  const order = new BatchOrder({ count, batchSize, random });
  return {
    rowsOf: (step, part) => {
      const [first, end] = bounds(part);
      const indices = order.indices(step).slice(first, end);
      return { rows: split.take(indices), place: { indices, epoch: order.epoch(step) }, first };
    },
    examples: (n) => split.take(random.split("examples").permutation(count).slice(0, n)),
  };
}

function sliceRows({ x, labels, condition, weights }: Rows, first: number, end: number): Rows {
  const sliced = ({ shape: [, ...event], data }: NumberArray): NumberArray => {
    const size = sizeOf(event);
    const values = Array.prototype.slice.call(data, first * size, end * size) as number[];
    return { shape: [end - first, ...event], data: values };
  };
  return {
    x: sliced(x),
    ...(labels && { labels: labels.slice(first, end) }),
    ...(condition && { condition: sliced(condition) }),
    ...(weights && { weights: weights.slice(first, end) }),
  };
}
