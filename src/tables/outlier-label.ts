import { expectOneOf } from "../border/options.js";
import type { Table } from "../data/table.js";
import { DataError } from "../errors.js";
import { textsOf } from "./codecs.js";

/** Names of what isn't an outlier. */
const normalNames = /^(?:normal|inlier|nominal|regular|usual|ok|okay|good|healthy|benign|no|n)$/i;
/** Most values that a label may have. */
const mostValues = 1000;

/** Gathers the labels of a file's rows, and tells which value marks outliers. */
export class OutlierLabel {
  readonly name: string;
  readonly #values = new Map<string, number>();
  readonly #codes: number[] = [];

  /** @param name of the column */
  constructor(name: string) {
    this.name = name;
  }

  /**
   * Takes in the labels of rows in order.
   * @returns the rows that have none
   * @throws {DataError} if the column holds too many values for a label.
   */
  add(table: Table): number[] {
    const textOf = textsOf(table.columns.find(({ name }) => name === this.name)!);
    const empty: number[] = [];
    for (let row = 0; row < table.rows; row++) {
      const text = textOf(row);
      if (text === undefined) {
        empty.push(row);
        this.#codes.push(-1);
        continue;
      }
      const code = this.#values.get(text) ?? this.#values.size;
      this.#values.set(text, code);
      this.#codes.push(code);
    }
    if (this.#values.size <= mostValues) return empty;
    throw new DataError(
      `${table.name}: expected two values in column "${this.name}", one of them for outliers, got more than ${mostValues}; name another column`,
      { name: table.name, columns: [this.name] },
    );
  }

  /**
   * The value that marks outliers: the one that is asked for; else of two values 1 rather than 0, true
   * rather than false, what isn't called normal or the like, or the rarer one.
   *
   * @throws {UsageError} if the column doesn't hold the value that is asked for.
   * @throws {DataError} if there aren't two values, or nothing tells them apart.
   */
  outlier(asked?: string): string {
    const values = [...this.#values.keys()];
    if (asked !== undefined) {
      return expectOneOf(asked, values, `outlier: value of column "${this.name}"`);
    }
    const [a, b] = values;
    if (a === undefined || b === undefined || values.length > 2) {
      throw this.#unclear(`${values.length} of them`, values);
    }
    for (const [one, other] of [
      ["1", "0"],
      ["true", "false"],
    ] as const) {
      if (values.includes(one) && values.includes(other)) return one;
    }
    const named = values.filter((value) => !normalNames.test(value));
    if (named.length === 1) return named[0]!;
    const [countA, countB] = [this.#count(a), this.#count(b)];
    if (countA === countB) throw this.#unclear("two that are equally frequent", values);
    return countA < countB ? a : b;
  }

  /** For each row, whether it has the value; undefined for those without a label. */
  marks(outlier: string): (boolean | undefined)[] {
    const code = this.#values.get(outlier);
    return this.#codes.map((one) => (one < 0 ? undefined : one === code));
  }

  #count(value: string): number {
    const code = this.#values.get(value);
    return this.#codes.filter((one) => one === code).length;
  }

  #unclear(got: string, values: readonly string[]): DataError {
    const some = values.slice(0, 5).map((value) => `"${value}"`);
    const shown =
      some.length === 0 ? "" : `: ${some.join(", ")}${values.length > 5 ? ", ..." : ""}`;
    return new DataError(
      `label: expected two values in column "${this.name}", one of them for outliers, got ${got}${shown}; say which value marks outliers`,
      { columns: [this.name] },
    );
  }
}
