import { expectArray, expectFinite } from "../border/arrays.js";
import { DataError, ShapeError, UsageError } from "../errors.js";
import type { NumberArray, Shape } from "../tree.js";
import type { Rows } from "./data-set.js";
import { expectLabels } from "./labels.js";
import { expectTrainingPixels } from "./pixels.js";

/** Rows of arrays, with what belongs to each. */
export interface ArrayRows {
  /**
   * `[N, D]`, or images `[N, C, H, W]`: numbers of any typed array, or a plain one. Float64 keeps
   * its digits until it is scaled; the array itself is kept, not a copy.
   */
  readonly x: NumberArray;
  /** `[N]`, whole numbers from 0 on; none unless given. */
  readonly labels?: ArrayLike<number>;
  /** `[N, K]`, what x is conditioned on; none unless given. */
  readonly condition?: NumberArray;
  /** `[N]`, at least 0: what each row counts for in the loss, in any unit; all 1 unless given. */
  readonly weights?: ArrayLike<number>;
}

/** The names of {@link ArrayRows}. */
export const rowOptions = ["x", "labels", "condition", "weights"] as const;

/** What each split's rows must be like. */
export interface RowRules {
  readonly event: Shape;
  readonly classes: readonly string[];
  readonly pixels: boolean;
  readonly condition: NumberArray | undefined;
  readonly where: string;
}

/** The x of rows, whose options are known and whose lengths agree. */
export function expectRows(
  rows: ArrayRows,
  at: string,
  event?: Shape,
): { readonly x: NumberArray } {
  const x = expectArray(rows.x, { where: at, name: "x", ...(event && { event }) });
  const count = x.shape[0]!;
  const { condition } = rows;
  if (condition !== undefined) {
    const { shape } = expectArray(condition, { where: at, name: "condition", rows: count });
    if (shape.length !== 2) {
      throw new ShapeError(`${at}: expected condition of shape [${count}, K], got [${shape}]`, {
        name: "condition",
      });
    }
  }
  for (const name of ["labels", "weights"] as const) {
    const array: unknown = rows[name];
    if (array === undefined) continue;
    const length = lengthOf(array);
    if (length === count) continue;
    const got = length ?? describe(array);
    throw new ShapeError(
      `${at}: expected ${name} to be a list of ${count} numbers, one for each row of x, got ${got}`,
      { name },
    );
  }
  return { x };
}

/**
 * Rows that are what a split's must be.
 * @throws {ShapeError} if an array isn't of its shape.
 * @throws {DataError} naming the rows that can't be taken.
 * @throws {UsageError} if labels or a condition are here alone, or missing here alone.
 */
export function checkedRows(given: ArrayRows, rules: RowRules): Rows {
  const { event, classes, pixels, where: at } = rules;
  const { x } = expectRows(given, at, event);
  const count = x.shape[0]!;
  if (pixels) expectTrainingPixels(x, at);
  else expectFinite(x, { where: at, name: "x" });
  const { labels, weights, condition } = given;
  if ((labels !== undefined) !== classes.length > 0) {
    throw new UsageError(
      `${at}: expected labels in every split or in none, got ${labels ? "them here alone" : "none here"}`,
      { name: "labels" },
    );
  }
  if (labels) expectLabels(labels, classes.length, at);
  if ((condition !== undefined) !== (rules.condition !== undefined)) {
    throw new UsageError(
      `${at}: expected a condition in every split or in none, got ${condition ? "one here alone" : "none here"}`,
      { name: "condition" },
    );
  }
  if (condition) {
    const features = rules.condition!.shape.slice(1);
    const arrayRules = { where: at, name: "condition", rows: count, event: features };
    expectFinite(expectArray(condition, arrayRules), arrayRules);
  }
  if (weights) expectWeights(weights, at);
  return {
    x,
    ...(labels && { labels: Int32Array.from(labels) }),
    ...(condition && { condition }),
    ...(weights && { weights: Float32Array.from(weights) }),
  };
}

function expectWeights(weights: ArrayLike<number>, at: string): void {
  const row = Array.from(weights).findIndex((w) => !(isNumber(w) && w >= 0 && w < Infinity));
  if (row < 0) return;
  const weight: unknown = weights[row];
  const got = isNumber(weight) ? weight : `the ${typeof weight} ${String(weight)}`;
  throw new DataError(
    `${at}: expected weights of at least 0, got ${got} in row ${row}; mend it, or leave the row out`,
    { name: "weights", rows: [row] },
  );
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function lengthOf(value: unknown): number | undefined {
  if (Array.isArray(value)) return value.length;
  return ArrayBuffer.isView(value) && "length" in value ? Number(value.length) : undefined;
}

function describe(value: unknown): string {
  const isArray = typeof value === "object" && value !== null && "shape" in value;
  return isArray ? `an array of shape [${String(value.shape)}]` : typeof value;
}
