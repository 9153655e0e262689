import { expectOptions, suggestion } from "../border/options.js";
import { DataError, ShapeError, UsageError } from "../errors.js";
import { Random } from "../random.js";
import type { NumberArray, Shape } from "../tree.js";
import { checkedRows, expectRows, rowOptions, type ArrayRows } from "./array-rows.js";
import {
  expectSplitName,
  type DataSet,
  type Rows,
  type Split,
  type SplitName,
} from "./data-set.js";
import { halvesOf } from "./halves.js";
import { expectLabels } from "./labels.js";
import { identityPlan, learnCondition, learnPreprocessing, type LearnOptions } from "./learn.js";
import { preparedShape, type Preprocessing } from "./preprocessing.js";
import { listed } from "./warnings.js";
import { tableSplit, takeNumbers } from "./array-split.js";

export interface ArrayDataOptions extends ArrayRows {
  /** `arrays` unless given. */
  readonly name?: string;
  /** Number of classes, or their names by label; one more than the largest label unless given. */
  readonly classes?: number | readonly string[];
  /** Names of the D columns (or C channels); their numbers from 0 unless given. */
  readonly columns?: readonly string[];
  /**
   * Whether images hold whole pixels 0…255, which is the default for images and is checked. Images
   * that don't are scaled by channel, as columns are.
   */
  readonly pixels?: boolean;
  /**
   * Rows to validate on, or the share of x's that is held out for it, 0 ≤ share < 1: a tenth, at
   * most 5,000 rows, unless given, the same ones for the same N.
   */
  readonly validation?: number | ArrayRows;
  /** Rows to test on; none unless given. */
  readonly test?: ArrayRows;
  /**
   * Names of columns that may have heavy tails: what a half of the validation rows says of each
   * (all, if fewer than 40) decides whether it passes an asinh first, see {@link learnPreprocessing}. None unless given.
   */
  readonly tails?: readonly string[];
  /**
   * By the name of a column, that of another which is 1 where its cell is missing and else 0: log p
   * then leaves the number out that stands for it. None unless given.
   */
  readonly absent?: Readonly<Record<string, string>>;
}

const options = [
  ...rowOptions,
  ...["name", "classes", "columns", "pixels", "validation", "test", "tails", "absent"],
];
const where = "arrayData";

/**
 * Arrays in memory as a data set. Vectors, and images that aren't pixels, are standardised by what
 * the training rows teach: see {@link learnPreprocessing}.
 *
 * @param given x, `[N, D]` or `[N, C, H, W]`, and what else is known of its rows; {@link ArrayDataOptions}
 *   has the shape and default of each
 * @throws {ShapeError} if an array isn't of the shape it should have, or the lengths differ.
 * @throws {DataError} naming the rows that aren't finite, labels that are no classes, pixels out of
 * range, or if every column is constant.
 * @throws {UsageError} if an option is unknown or doesn't fit.
 *
 * @example
 * const data = arrayData({ x: { shape: [1000, 3], data: Float64Array.from(numbers) } });
 * const checkpoint = await fit(maf({ shape: data.shape }), data, training, { engine });
 */
export function arrayData(given: ArrayDataOptions): DataSet {
  expectOptions(given, options, where);
  const { x } = expectRows(given, where);
  const event = x.shape.slice(1);
  if (event.length !== 1 && event.length !== 3) {
    throw new ShapeError(
      `${where}: expected x of shape [N, D], or images [N, C, H, W], got [${x.shape}]; reshape it`,
      { name: "x" },
    );
  }
  const isImages = event.length === 3;
  const { name = "arrays", pixels = isImages, validation, test } = given;
  if (pixels && !isImages) {
    throw new UsageError(
      `${where}: expected pixels for images [N, C, H, W] alone, got x of shape [${x.shape}]; leave \`pixels\` out, or reshape x`,
      { name: "pixels" },
    );
  }
  const columns = columnNames(given.columns, event[0]!);
  const classes = classesOf(given);
  const rules = { event, classes, pixels, condition: given.condition };
  const all = checkedRows(given, { ...rules, where });
  const checked = (rows: ArrayRows, split: SplitName): Rows => {
    const at = `${where}: ${split}`;
    expectOptions(rows, rowOptions, at);
    return checkedRows(rows, { ...rules, where: at });
  };
  const { train, validation: held } = isRows(validation) ? {} : holdOut(x.shape[0]!, validation);
  const training = train ?? new Uint32Array(x.shape[0]!).map((_, i) => i);
  const weigh = weighing(all, training);
  const validating = isRows(validation) ? checked(validation, "validation") : undefined;
  const testing = test && checked(test, "test");
  const splits: Readonly<Record<SplitName, Split | undefined>> = {
    train: tableSplit("train", weigh(all), train),
    validation: validating
      ? tableSplit("validation", weigh(validating))
      : held!.length > 0
        ? tableSplit("validation", weigh(all), held)
        : undefined,
    test: testing && tableSplit("test", weigh(testing)),
  };
  const heldOut = validating?.x ?? takeNumbers(x, held!);
  const { choosing } = halvesOf(heldOut.shape[0]!);
  const { tails = [], absent } = given;
  expectColumns([...tails, ...Object.entries(absent ?? {}).flat()], columns, event);
  const { preprocessing, warnings } = learn(all, train, {
    columns,
    pixels,
    // Of a row that is held out, all that counts is whether a column of whole numbers is one.
    others: [heldOut, ...(testing ? [testing.x] : [])],
    ...(tails.length > 0 && { tails: { columns: tails, heldOut: takeNumbers(heldOut, choosing) } }),
    ...(absent && { absent }),
  });
  return {
    name,
    shape: preprocessing ? preparedShape(preprocessing) : event,
    pixels,
    classes,
    condition: given.condition?.shape[1] ?? 0,
    ...(preprocessing && { preprocessing }),
    warnings,
    split: async (split) => {
      const found = splits[expectSplitName(split, name)];
      if (found) return found;
      throw new UsageError(
        `${where}: expected rows to ${split === "test" ? "test" : "validate"} on, got none in ${name}; pass \`${split}\``,
        { name: split },
      );
    },
  };
}

/**
 * Places of the rows to train on and of those held out, each in order: a tenth, at most 5,000,
 * unless a share is given. They depend on the count alone.
 *
 * @throws {UsageError} unless the share is at least 0 and leaves a row to train on.
 */
export function holdOut(
  count: number,
  share?: number,
): { readonly train: Uint32Array; readonly validation: Uint32Array } {
  const held =
    share === undefined ? Math.min(5000, Math.floor(count / 10)) : Math.floor(count * share);
  if (!((share === undefined || typeof share === "number") && held >= 0 && held < count)) {
    throw new UsageError(
      `${where}: expected validation to be a share from 0 to under 1 of the ${count} rows, or rows of their own, got ${share}`,
      { name: "validation" },
    );
  }
  const order = Random.fromSeed(0).split("validation").permutation(count);
  return { train: order.subarray(held).sort(), validation: order.subarray(0, held).sort() };
}

/** `0`, `1`, ... as names of classes. */
export function classNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(i));
}

/** Divides weights by their mean over the training rows. */
function weighing({ weights }: Rows, training: Uint32Array): (rows: Rows) => Rows {
  if (!weights) return (rows) => rows;
  const mean = training.reduce((sum, row) => sum + weights[row]!, 0) / training.length;
  if (!(mean > 0)) {
    throw new DataError(
      `${where}: expected a weight above 0, got none in ${training.length} training rows`,
      { name: "weights" },
    );
  }
  return (rows) =>
    rows.weights ? { ...rows, weights: rows.weights.map((weight) => weight / mean) } : rows;
}

function classesOf({ labels, classes }: ArrayDataOptions): readonly string[] {
  if (!labels) {
    if (classes === undefined) return [];
    throw new UsageError(`${where}: expected labels beside classes, got none`, { name: "labels" });
  }
  if (typeof classes === "object") return classes;
  if (classes !== undefined) {
    if (Number.isInteger(classes) && classes >= 1) return classNames(classes);
    throw new UsageError(`${where}: expected classes to be at least 1, or names, got ${classes}`, {
      name: "classes",
    });
  }
  expectLabels(labels, 2 ** 31, where);
  const most = Array.from(labels).reduce((largest, label) => Math.max(largest, label), 0);
  return classNames(most + 1);
}

function columnNames(given: readonly string[] | undefined, count: number): readonly string[] {
  const names = given ?? classNames(count);
  if (names.length === count && new Set(names).size === count) return names;
  throw new UsageError(
    `${where}: expected ${count} different names of columns, got ${names.length}: ${names.slice(0, 10).join(", ")}`,
    { name: "columns" },
  );
}

/** @throws {UsageError} if a name isn't that of a column of vectors. */
function expectColumns(names: readonly string[], columns: readonly string[], event: Shape): void {
  const isVector = event.length === 1;
  const name = names.find((one) => !isVector || !columns.includes(one));
  if (name === undefined) return;
  throw new UsageError(
    `${where}: expected tails and absent to name columns of x${isVector ? `, ${listed(columns)}` : ""}, got "${name}"${isVector ? suggestion(name, columns) : ` for images`}`,
    { columns: [name] },
  );
}

function learn(
  { x, condition }: Rows,
  train: Uint32Array | undefined,
  {
    columns,
    pixels,
    ...options
  }: Pick<LearnOptions, "tails" | "absent" | "others"> & {
    readonly columns: readonly string[];
    readonly pixels: boolean;
  },
): { readonly preprocessing?: Preprocessing; readonly warnings: readonly string[] } {
  const rows = (array: NumberArray): NumberArray => (train ? takeNumbers(array, train) : array);
  if (!pixels) {
    return learnPreprocessing(rows(x), columns, {
      ...options,
      ...(condition && { condition: rows(condition) }),
    });
  }
  if (!condition) return { warnings: [] };
  const { scalings, warnings } = learnCondition(rows(condition), train?.length ?? x.shape[0]!);
  return { preprocessing: { ...identityPlan(x, columns), condition: scalings }, warnings };
}

function isRows(validation: ArrayDataOptions["validation"]): validation is ArrayRows {
  return typeof validation === "object" && (validation as unknown) !== null;
}
