import { expectOneOf } from "../border/options.js";
import type { Random } from "../random.js";
import type { NumberArray, Shape } from "../tree.js";
import type { PicturePlan } from "./picture-plan.js";
import type { Preprocessing } from "./preprocessing.js";
import type { TablePlan } from "./table-plan.js";

/** Rows to train on, those to choose options by, those to report on. */
const splitNames = ["train", "validation", "test"] as const;

export type SplitName = (typeof splitNames)[number];

/**
 * Data with all that a model, a report or a checkpoint needs to know of them. A source of data is a
 * function that gives one: {@link arrayData}, {@link toyData}, or your own.
 */
export interface DataSet {
  readonly name: string;
  /** The shape of an event as a model takes it: constant and copied columns are left out. */
  readonly shape: Shape;
  /** Whether x holds whole pixels 0…255. */
  readonly pixels: boolean;
  /** Names of the classes, by label; none without labels. */
  readonly classes: readonly string[];
  /** Features K of a condition beside x; 0 for none. */
  readonly condition: number;
  /** The preprocessing that the training rows taught; without it rows are taken as they are. */
  readonly preprocessing?: Preprocessing;
  /** How cells of a file became the numbers of x; absent where x is no file's. */
  readonly table?: TablePlan;
  /** How files became the pixels of x; absent where x is no pictures'. */
  readonly pictures?: PicturePlan;
  /** Oddities of the training rows, a sentence each, naming the columns. */
  readonly warnings: readonly string[];
  /**
   * @throws {DataError} if its files are missing or damaged.
   * @throws {UsageError} if there is no such split.
   */
  readonly split: (name: SplitName) => Promise<Split>;
}

/** Part of a data set. */
export interface Split {
  readonly name: SplitName;
  /** Infinity where points are drawn afresh. */
  readonly count: number;
  /**
   * Rows in their own units and columns.
   * @throws {DataError} if there are no indices, or one isn't in the split.
   */
  readonly take: (indices: ArrayLike<number>) => Rows;
  /** n fresh rows of an infinite split, a function of n and the key alone. */
  readonly draw?: (n: number, random: Random) => Rows;
}

/** Examples of a data set, B of them. */
export interface Rows {
  /** `[B, ...]`, in the data's own units and columns. */
  readonly x: NumberArray;
  /** `[B]`, 0…classes − 1. */
  readonly labels?: Int32Array;
  /** `[B, K]`, in its own units. */
  readonly condition?: NumberArray;
  /** `[B]`, what each counts for in the loss: their mean over the training rows is 1. */
  readonly weights?: Float32Array;
}

/** start, start + 1, ... end − 1: indices for {@link Split.take}. */
export function range(start: number, end: number): Uint32Array {
  return new Uint32Array(Math.max(0, end - start)).map((_, i) => start + i);
}

/** @throws {UsageError} if there is no split of this name, with the nearest one. */
export function expectSplitName(name: string, where: string): SplitName {
  return expectOneOf(name, splitNames, `${where}: split`);
}
