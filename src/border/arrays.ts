import { described } from "./described.js";
import { DataError, ShapeError } from "../errors.js";
import { sameShape, sizeOf, type NumberArray, type Shape } from "../tree.js";

export interface ArrayRules {
  /** Names the entry point in messages, such as `Runner.score`. */
  readonly where: string;
  /** Names the array, such as `x`. */
  readonly name: string;
  /** Shape of each row; any unless given. */
  readonly event?: Shape;
  /** Rows that there must be; at least 1 unless given. */
  readonly rows?: number;
}

/**
 * The one check that an array passes where it enters the library: what it is, that it holds as many
 * numbers as its shape says, and that the shape is `[rows, ...event]`.
 *
 * @throws {ShapeError} naming the array, what was expected and what came.
 */
export function expectArray(value: unknown, rules: ArrayRules): NumberArray {
  const { where, name, event, rows } = rules;
  const fail = (expected: string, got: string): ShapeError =>
    new ShapeError(`${where}: expected ${name} ${expected}, got ${got}`, { name });
  if (typeof value !== "object" || value === null || !("shape" in value && "data" in value)) {
    throw fail("to be { shape, data }", described(value));
  }
  const { shape, data } = value;
  if (!isShape(shape)) throw fail("with a shape of whole numbers", `shape ${described(shape)}`);
  if (!isNumbers(data)) throw fail("with data of numbers", `data ${described(data)}`);
  if (data.length !== sizeOf(shape)) {
    throw fail(`with ${sizeOf(shape)} numbers for its shape [${shape}]`, `${data.length}`);
  }
  const [count = 0] = shape;
  const isRight =
    shape.length > 0 &&
    (event === undefined || sameShape(shape.slice(1), event)) &&
    (rows === undefined ? count > 0 : count === rows);
  if (!isRight) {
    const sizes = [rows ?? "B", ...(event ?? ["..."])];
    const least = rows === undefined ? " with B of at least 1" : "";
    throw fail(`of shape [${sizes.join(", ")}]${least}`, `[${shape}]`);
  }
  return { shape, data };
}

/**
 * As {@link expectArray}, of finite numbers in rows and columns, at least one of each.
 * @throws {ShapeError} if it isn't a table.
 * @throws {DataError} naming the rows that hold NaN or an infinity.
 */
export function expectTable(
  value: unknown,
  rules: Pick<ArrayRules, "where" | "name">,
): NumberArray & { readonly rows: number; readonly columns: number } {
  const array = expectArray(value, rules);
  const { shape } = array;
  const [rows = 0, columns = 0] = shape;
  if (shape.length !== 2 || columns === 0) {
    const { where, name } = rules;
    throw new ShapeError(
      `${where}: expected ${name} of shape [rows, columns] with at least 1 of each, got [${shape}]`,
      { name },
    );
  }
  expectFinite(array, rules);
  return { ...array, rows, columns };
}

/** Indices of the rows that hold NaN or an infinity. */
export function nonFiniteRows(array: NumberArray): number[] {
  return rowsWhere(array, (value) => !Number.isFinite(value));
}

/** Indices of the rows that hold a number for which `isOdd` is true. */
export function rowsWhere(
  { shape, data }: NumberArray,
  isOdd: (value: number) => boolean,
): number[] {
  const size = sizeOf(shape.slice(1));
  const rows: number[] = [];
  for (let row = 0; row < shape[0]!; row++) {
    for (let i = row * size; i < (row + 1) * size; i++) {
      if (!isOdd(data[i]!)) continue;
      rows.push(row);
      break;
    }
  }
  return rows;
}

/** @throws {DataError} naming the rows that hold NaN or an infinity. */
export function expectFinite(array: NumberArray, { where, name }: ArrayRules): void {
  const rows = nonFiniteRows(array);
  if (rows.length === 0) return;
  throw new DataError(
    `${where}: expected finite numbers in ${name}, got NaN or an infinite value in ${rowList(rows)}; leave these rows out or mend them`,
    { name, rows },
  );
}

/** `row 3`, `rows 1, 2, 3 and 4 more`. */
export function rowList(rows: readonly number[]): string {
  const more = rows.length > 5 ? ` and ${rows.length - 5} more` : "";
  return `${rows.length === 1 ? "row" : "rows"} ${rows.slice(0, 5).join(", ")}${more}`;
}

export function isShape(value: unknown): value is Shape {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && Number(n) >= 0);
}

function isNumbers(value: unknown): value is ArrayLike<number> {
  if (ArrayBuffer.isView(value)) {
    return !(
      value instanceof DataView ||
      value instanceof BigInt64Array ||
      value instanceof BigUint64Array
    );
  }
  return Array.isArray(value) && value.every((x) => typeof x === "number");
}
