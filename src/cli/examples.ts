import { imageBatch, imageSetNames, range, sampleToy, toyNames } from "../data/index.js";
import { loadSplit, type Split } from "../data/files.js";
import { DataError, UsageError } from "../errors.js";
import type { Model } from "../models/index.js";
import { Random } from "../random.js";
import { sameShape, takeRows, type NDArray, type Shape } from "../tree.js";

/** Where a run's data come from. */
export interface DataSource {
  /** An image set or a 2-D density. */
  readonly name: string;
  /** Folder of the image sets. */
  readonly folder: string;
}

/** A run's data, in another folder if one is given. */
export function dataSource(data: DataSource, folder: string | undefined): DataSource {
  return { ...data, ...(folder !== undefined && { folder }) };
}

/** One split of a data set, as a model takes it. */
export interface Examples {
  readonly split: Split;
  readonly count: number;
  /** What one unit of x is called in reports. */
  readonly unit: "pixel units" | "data units";
  /** Size of that unit: pixels are 0 ... 255, and their unit is the full range. */
  readonly unitSize: number;
  take(indices: ArrayLike<number>): { readonly x: NDArray; readonly labels: Uint8Array };
}

/** Held-out points of a 2-D density. */
const heldOut = 10_000;

export function isToy(name: string): boolean {
  return toyNames.some((toy) => toy === name);
}

/** @throws {UsageError} if there is no such data set. */
export function expectDataName(name: string): void {
  const names: readonly string[] = [...imageSetNames, ...toyNames];
  if (!names.includes(name)) {
    throw new UsageError(`--data: expected one of ${names.join(", ")}, got "${name}"`);
  }
}

/**
 * A split to measure on. Points of a 2-D density are always the same ones, apart from all
 * training.
 *
 * @throws {DataError} if files are missing or damaged, or the data don't fit the model.
 */
export async function loadExamples(
  { name, folder }: DataSource,
  split: Exclude<Split, "train">,
  model: Model,
): Promise<Examples> {
  if (isToy(name)) {
    expectFit(name, [2], model);
    const points = sampleToy(name, heldOut, Random.fromSeed(0).split("held out").split(split));
    return {
      split,
      count: heldOut,
      unit: "data units",
      unitSize: 1,
      take: (indices) => ({ x: takeRows(points, indices), labels: new Uint8Array() }),
    };
  }
  const set = await loadSplit(name, folder, split);
  expectFit(name, set.shape, model);
  return {
    split,
    count: set.count,
    unit: "pixel units",
    unitSize: 255,
    take: (indices) => imageBatch(set, indices),
  };
}

/** @throws {DataError} if a model takes events of another shape or number of classes. */
export function expectFit(name: string, shape: Shape, model: Model, classes?: number): void {
  const { x = [], y } = model.batch;
  if (!sameShape(x, shape)) {
    throw new DataError(
      `${name}: expected events of shape [${x}] for this model, got [${shape}]; choose another preset or other data`,
    );
  }
  if (y && classes !== undefined && y[0] !== classes) {
    throw new DataError(
      `${name}: expected ${y[0]} classes for this model, got ${classes}; choose another preset or other data`,
    );
  }
}

/** `count` indices spread evenly over `total`. */
export function spread(total: number, count: number): Uint32Array {
  const step = Math.max(1, total / count);
  return range(0, Math.min(total, count)).map((i) => Math.floor(i * step));
}

/** Runs `f` on successive chunks of indices. */
export async function inChunks(
  indices: Uint32Array,
  size: number,
  f: (chunk: Uint32Array, start: number) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < indices.length; start += size) {
    await f(indices.subarray(start, start + size), start);
  }
}
