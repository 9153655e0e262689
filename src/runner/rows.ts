import { expectArray, expectFinite, nonFiniteRows, rowList } from "../border/arrays.js";
import { expectOneOf, expectOptions } from "../border/options.js";
import { DataError, UsageError } from "../errors.js";
import type { Model } from "../models/index.js";
import { sizeOf, type Arrays, type NDArray, type NumberArray, type Shape } from "../tree.js";
import type { Deviation, Fraction } from "../data/index.js";
import type { Preprocessor } from "./preprocessor.js";

/** Options of rows: the condition of a conditional model. */
export interface Conditioned {
  /** `[B, K]`, one row for each event, in its own units: labels by `oneHot`, or any other numbers. */
  readonly condition?: NumberArray;
}

/** What becomes of rows that can't be mapped. */
export interface RowOptions extends Conditioned {
  /**
   * `"error"` (the default) refuses all if a row holds NaN or an infinity, leaves the range of
   * float32 on its way, a solve of it doesn't converge, or it is scored with a fraction in a column of
   * whole numbers; `"nan"` gives NaN for those rows, and for the others what they get without them.
   */
  readonly invalid?: "error" | "nan";
}

export const rowOptions = ["condition", "invalid"] as const;

/** Rows that have passed the border. */
export interface Entered {
  /** `x` or `z`, and `condition` where the model takes one, as its graphs take them. */
  readonly args: Arrays;
  readonly count: number;
  /** Rows that must come out as NaN; harmless ones stand in their places. */
  readonly invalid: readonly number[];
  readonly deviations: readonly Deviation[];
  /** What preparing rows adds to their log-determinants, in nats, `[B]`. */
  readonly logDet: Float64Array;
}

interface Entry {
  readonly model: Model;
  readonly preprocessor: Preprocessor;
  /** Names the entry point in messages, such as `Runner.score`. */
  readonly where: string;
  /** Whether rows get a density, which is 0 for fractions in columns of whole numbers. */
  readonly isScored?: boolean;
}

/**
 * Rows of x in the data's own units.
 * @param at `middles` where no noise is added to whole numbers
 * @throws {ShapeError} if x or the condition isn't an array of the right shape.
 * @throws {DataError} if rows aren't finite, or aren't the pixels or whole numbers that the model
 * takes.
 * @throws {UsageError} if a condition is missing, or there is one too many.
 */
export function enterRows(
  x: unknown,
  options: RowOptions,
  entry: Entry,
  at: "edges" | "middles" = "edges",
): Entered {
  const { where, preprocessor } = entry;
  const rows = expectArray(x, { where, name: "x", event: preprocessor.shape });
  const { array, invalid: bad, condition } = harmless("x", rows, options, entry);
  const fractions = entry.isScored ? preprocessor.fractions(rows) : [];
  if (options.invalid !== "nan") expectWholeNumbers(fractions, where);
  const prepared = preprocessor.prepare(array, where, at);
  const { step, logDet } = prepared;
  const args = { x: prepared.x, ...(step && { step }), ...condition };
  const invalid = withBeyond([...bad, ...fractions.map(({ row }) => row)], args, options, entry);
  return {
    args,
    count: rows.shape[0]!,
    invalid,
    deviations: prepared.deviations.filter(({ row }) => !invalid.includes(row)),
    logDet,
  };
}

/** @throws {DataError} naming row and column of the first fraction. */
function expectWholeNumbers(fractions: readonly Fraction[], where: string): void {
  const [first] = fractions;
  if (!first) return;
  const { row, column, got } = first;
  const rows = [...new Set(fractions.map((one) => one.row))];
  throw new DataError(
    `${where}: expected whole numbers in column "${column}" of x, as in training, got ${got} in row ${row}, which has density 0${rows.length > 1 ? ` (fractions in ${rowList(rows)})` : ""}; mend it, or pass \`invalid: "nan"\``,
    { name: "x", rows, columns: [column] },
  );
}

/** Latents, as {@link enterRows}. */
export function enterLatents(z: unknown, event: Shape, options: RowOptions, entry: Entry): Entered {
  const rows = expectArray(z, { where: entry.where, name: "z", event });
  const { array, invalid, condition } = harmless("z", rows, options, entry);
  const data = Float32Array.from(array.data);
  const args = { z: { shape: array.shape, data }, ...condition };
  return {
    args,
    count: rows.shape[0]!,
    invalid: withBeyond(invalid, args, options, entry),
    deviations: [],
    logDet: new Float64Array(rows.shape[0]!),
  };
}

/**
 * The condition of `count` events, with which none of them is bad; nothing for a model without.
 * @throws as {@link enterRows}.
 */
export function enterCondition(
  { condition }: Conditioned,
  count: number,
  entry: Entry,
): NumberArray | undefined {
  const { model, where } = entry;
  if (model.condition === 0) {
    if (condition === undefined) return undefined;
    throw new UsageError(
      `${where}: expected no condition for an unconditional ${model.kind}, got one; leave it out, or configure the model with \`condition\``,
      { name: "condition" },
    );
  }
  if (condition === undefined) {
    throw new UsageError(
      `${where}: expected a condition of shape [${count}, ${model.condition}], got none; pass \`condition\``,
      { name: "condition" },
    );
  }
  const rules = { where, name: "condition", event: [model.condition], rows: count };
  return expectArray(condition, rules);
}

/**
 * What came of finite rows must be numbers: these leave the range of float32 on their way.
 * @throws {DataError} naming the rows where one of the arrays holds NaN.
 */
export function expectNumbers(arrays: Readonly<Record<string, NumberArray>>, where: string): void {
  const rows = rowsOfAny(arrays, rowsWithNaN);
  if (rows.length > 0) throw beyondFloat32(rows, where);
}

/** The array with NaN in these rows. */
export function withNaN<T extends Float32Array | Float64Array>(
  array: NDArray<T>,
  rows: readonly number[],
): NDArray<T> {
  if (rows.length === 0) return array;
  const { shape, data } = array;
  const size = sizeOf(shape.slice(1));
  const filled = data.slice() as T;
  for (const row of rows) filled.fill(NaN, row * size, (row + 1) * size);
  return { shape, data: filled };
}

/** @throws {UsageError} if an option is unknown, or `invalid` is neither of its values. */
export function expectRowOptions(
  options: RowOptions,
  known: readonly string[],
  where: string,
): void {
  expectOptions(options, [...rowOptions, ...known], where);
  if (options.invalid !== undefined) {
    expectOneOf(options.invalid, ["error", "nan"], `${where}: invalid`);
  }
}

/**
 * The invalid rows, and those that float32 can't hold in the model's units.
 * @throws {DataError} naming the latter, unless `invalid` is `"nan"`.
 */
function withBeyond(
  bad: readonly number[],
  args: Arrays,
  { invalid }: RowOptions,
  { where }: Entry,
): readonly number[] {
  const beyond = rowsOfAny(args, nonFiniteRows);
  if (beyond.length > 0 && invalid !== "nan") throw beyondFloat32(beyond, where);
  return [...new Set([...bad, ...beyond])].sort((a, b) => a - b);
}

function beyondFloat32(rows: readonly number[], where: string): DataError {
  return new DataError(
    `${where}: expected rows that stay within float32's range, up to 3.4e38, got larger numbers from ${rowList(rows)}; leave these rows out, or pass \`invalid: "nan"\``,
    { rows },
  );
}

function rowsOfAny(
  arrays: Readonly<Record<string, NumberArray>>,
  rowsOf: (array: NumberArray) => readonly number[],
): number[] {
  return [...new Set(Object.values(arrays).flatMap(rowsOf))].sort((a, b) => a - b);
}

function rowsWithNaN({ shape, data }: NumberArray): number[] {
  const size = sizeOf(shape.slice(1));
  const rows = new Set<number>();
  for (let i = 0; i < data.length; i++) {
    if (Number.isNaN(data[i])) rows.add(Math.floor(i / size));
  }
  return [...rows];
}

/** The rows with harmless ones in the places of bad ones, and the condition likewise. */
function harmless(
  name: string,
  array: NumberArray,
  options: RowOptions,
  entry: Entry,
): {
  readonly array: NumberArray;
  readonly invalid: readonly number[];
  readonly condition: { readonly condition?: NDArray };
} {
  const { where, preprocessor } = entry;
  const condition = enterCondition(options, array.shape[0]!, entry);
  if (options.invalid !== "nan") {
    expectFinite(array, { where, name });
    if (condition) expectFinite(condition, { where, name: "condition" });
  }
  const bad = new Set([...nonFiniteRows(array), ...(condition ? nonFiniteRows(condition) : [])]);
  const invalid = [...bad].sort((a, b) => a - b);
  const given = condition && rowsReplaced(condition, invalid);
  return {
    array: rowsReplaced(array, invalid),
    invalid,
    condition: given ? { condition: preprocessor.prepareCondition(given) } : {},
  };
}

/** A copy with the first row that isn't bad in the place of each that is; zeros if all are. */
function rowsReplaced(array: NumberArray, bad: readonly number[]): NumberArray {
  if (bad.length === 0) return array;
  const { shape } = array;
  const size = sizeOf(shape.slice(1));
  const good = Array.from({ length: shape[0]! }, (_, row) => row).find((row) => !bad.includes(row));
  const data = Float64Array.from(array.data);
  const stand =
    good === undefined ? new Float64Array(size) : data.slice(good * size, (good + 1) * size);
  for (const row of bad) data.set(stand, row * size);
  return { shape, data };
}
