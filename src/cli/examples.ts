import { openData } from "../data/files.js";
import {
  expectDataName as expectKnownName,
  imageSetNames,
  range,
  type DataSet,
  type Split,
  type SplitName,
} from "../data/index.js";
import { DataError } from "../errors.js";
import type { Density, Model } from "../models/index.js";
import { expectFit } from "../train/batches.js";
import { ndarray, type NDArray } from "../tree.js";

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
  readonly split: SplitName;
  readonly count: number;
  /** What one unit of x is called in reports. */
  readonly unit: "pixel units" | "data units";
  /** Size of that unit: pixels are 0 ... 255, and their unit is the full range. */
  readonly unitSize: number;
  take(indices: ArrayLike<number>): { readonly x: NDArray; readonly labels: Int32Array };
}

/** @throws {UsageError} if there is no such data set. */
export function expectDataName(name: string): void {
  expectKnownName(name, "--data");
}

/**
 * A run's data.
 * @throws {DataError} if files are missing, with the command that gets them, or damaged.
 */
export async function openRunData({ name, folder }: DataSource): Promise<DataSet> {
  return withHint(openData(name, { folder }));
}

/**
 * A split to measure on.
 * @throws {DataError} if the data don't fit the model, or as {@link openRunData}.
 */
export async function examplesOf(
  data: DataSet,
  split: Exclude<SplitName, "train">,
  model: Model,
): Promise<Examples> {
  expectFit(data, model);
  const rows = await openSplit(data, split);
  return {
    split,
    count: rows.count,
    unit: data.pixels ? "pixel units" : "data units",
    unitSize: data.pixels ? 255 : 1,
    take: (indices) => {
      const { x, labels = new Int32Array() } = rows.take(indices);
      return { x: ndarray(x.data, x.shape), labels };
    },
  };
}

/** A split of a run's data; @throws as {@link openRunData}. */
export async function openSplit(data: DataSet, split: SplitName): Promise<Split> {
  return withHint(data.split(split));
}

/** A split to measure on, of data that aren't open yet: as {@link examplesOf}. */
export async function loadExamples(
  source: DataSource,
  split: Exclude<SplitName, "train">,
  model: Model,
): Promise<Examples> {
  return examplesOf(await openRunData(source), split, model);
}

/** Adds the command that gets an image set to the error that its files are missing. */
async function withHint<T>(opened: Promise<T>): Promise<T> {
  return opened.catch((error: unknown) => {
    if (!(error instanceof DataError)) throw error;
    const { name } = error.details;
    if (!imageSetNames.some((known) => known === name)) throw error;
    throw new DataError(`${error.message}; get it with: iresnet data get ${name}`, error.details);
  });
}

/** `count` indices spread evenly over `total`. */
export function spread(total: number, count: number): Uint32Array {
  const step = Math.max(1, total / count);
  return range(0, Math.min(total, count)).map((i) => Math.floor(i * step));
}

/**
 * Data as a model maps them: whole pixels in the middle of what a density's dequantisation makes of
 * them, x + ½, others as they are.
 */
export function atMiddle(
  { discrete = false }: Model & Partial<Pick<Density, "discrete">>,
  x: NDArray,
): NDArray {
  return discrete ? { ...x, data: x.data.map((value) => value + 0.5) } : x;
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
