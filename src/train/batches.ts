import { augment, BatchOrder, imageBatch, keepsWhole, oneHot, sampleToy } from "../data/index.js";
import type { Augmentation, ImageSet } from "../data/index.js";
import { ShapeError, UsageError } from "../errors.js";
import type { Random } from "../random.js";
import { takeRows, type Arrays } from "../tree.js";

/** Where training gets its batches. A batch is a function of the step alone, so runs resume. */
export interface BatchSource {
  /** Examples of an epoch; `Infinity` if each is fresh. */
  readonly count: number;
  /** The batch of the step that follows `step` steps. */
  batch(step: number): Arrays;
  /** `n` examples, or all if there are fewer, not augmented: what initialisation looks at. */
  examples(n: number): Arrays;
}

interface BatchOptions {
  readonly batchSize: number;
  readonly random: Random;
}

export interface ImageBatchOptions extends BatchOptions {
  /** None unless given. */
  readonly augmentation?: Augmentation;
  /** Whether batches have one-hot labels y. Without them x is meant for a density. */
  readonly labels: boolean;
  /** Whether batches have one-hot labels as the condition of a density; not unless given. */
  readonly conditional?: boolean;
}

/**
 * Batches of x `[B, C, H, W]`, 0 ... 255, with y or condition `[B, classes]` if asked for.
 *
 * @throws {UsageError} if the batch size isn't from 1 to the count of images, or if pixels without
 * labels wouldn't stay whole numbers.
 */
export function imageBatches(
  set: ImageSet,
  { augmentation = { kind: "none" }, labels, conditional = false, ...options }: ImageBatchOptions,
): BatchSource {
  if (!labels && !keepsWhole(augmentation)) {
    throw new UsageError(
      `imageBatches: expected an augmentation that keeps pixels whole numbers, as a density of pixels needs, got "${augmentation.kind}"; choose "crop" or "none"`,
    );
  }
  const gather = (indices: Uint32Array): Arrays => {
    const batch = imageBatch(set, indices);
    const marks = oneHot(batch.labels, set.classes);
    return { x: batch.x, ...(labels && { y: marks }), ...(conditional && { condition: marks }) };
  };
  const order = new BatchOrder({ count: set.count, ...options });
  const random = options.random.split("augmentation");
  return {
    ...indexed(set.count, options, gather),
    batch: (step) => {
      const indices = order.indices(step);
      const { x, ...rest } = gather(indices);
      const examples = { indices, epoch: order.epoch(step), random };
      return { x: augment(x!, augmentation, random.split(step), examples), ...rest };
    },
  };
}

/**
 * Batches of rows of tables, such as `{ x: [N, D], y: [N, classes] }`.
 *
 * @throws {ShapeError} if the tables differ in their number of rows.
 * @throws {UsageError} if the batch size isn't from 1 to the number of rows.
 */
export function vectorBatches(tables: Arrays, options: BatchOptions): BatchSource {
  const counts = Object.values(tables).map(({ shape }) => shape[0] ?? 0);
  const [count = 0] = counts;
  if (counts.some((n) => n !== count)) {
    throw new ShapeError(
      `vectorBatches: expected tables with equally many rows, got ${counts.join(", ")}`,
    );
  }
  return indexed(count, options, (indices) =>
    Object.fromEntries(
      Object.entries(tables).map(([name, table]) => [name, takeRows(table, indices)]),
    ),
  );
}

/**
 * Batches of x `[B, 2]`, fresh points of a toy density in each step.
 * @throws {UsageError} if there is no such density.
 */
export function toyBatches(name: string, { batchSize, random }: BatchOptions): BatchSource {
  const points = (n: number, label: string | number): Arrays => ({
    x: sampleToy(name, n, random.split(label)),
  });
  return {
    count: Infinity,
    batch: (step) => points(batchSize, step),
    examples: (n) => points(n, "examples"),
  };
}

/** Batches of a finite set: shuffled in each epoch, gathered by index. */
function indexed(
  count: number,
  options: BatchOptions,
  gather: (indices: Uint32Array) => Arrays,
): BatchSource {
  const order = new BatchOrder({ count, ...options });
  return {
    count,
    batch: (step) => gather(order.indices(step)),
    examples: (n) => gather(options.random.split("examples").permutation(count).slice(0, n)),
  };
}
