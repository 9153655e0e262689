import { expectKind } from "../border/kinds.js";
import { slopeAt } from "../data/column-axis.js";
import type { Runner } from "../runner/index.js";
import { sizeOf, type NumberArray } from "../tree.js";

/** The unit of errors in the data. */
export interface ErrorUnit {
  readonly name: "pixel units" | "standard deviations" | "data units";
  /** Size of the unit at a value of each element of a row, over and over. */
  readonly sizes: readonly ((x: number) => number)[];
}

/**
 * The unit for a model's data: of pixels the full range of 255 gray levels, of standardised columns
 * the standard deviation of each, where tails are heavy that of what an asinh makes of it, of other
 * data 1.
 */
export function errorUnit(runner: Pick<Runner, "model" | "data">): ErrorUnit {
  expectKind(runner, "runner", "errorUnit");
  const { model, data } = runner;
  if (model.pixels) return { name: "pixel units", sizes: [() => 255] };
  const columns = data?.preprocessing?.columns;
  if (!columns) return { name: "data units", sizes: [() => 1] };
  return {
    name: "standard deviations",
    sizes: columns.map((column) =>
      "scale" in column ? (x: number) => 1 / slopeAt(x, column) : () => 1,
    ),
  };
}

/** Largest and mean absolute difference, in units; a difference that is no number stays one. */
export class Errors {
  max = 0;
  #sum = 0;
  #count = 0;
  readonly #unit: ErrorUnit;

  /** @param unit what the differences are divided by */
  constructor(unit: ErrorUnit) {
    this.#unit = unit;
  }

  get mean(): number {
    return this.#sum / this.#count;
  }

  add(x: NumberArray, back: NumberArray): void {
    const { sizes } = this.#unit;
    const count = sizeOf(x.shape);
    for (let i = 0; i < count; i++) {
      const size = sizes[i % sizes.length]!(x.data[i]!);
      const error = Math.abs(x.data[i]! - back.data[i]!) / size;
      this.max = Math.max(this.max, error);
      this.#sum += error;
    }
    this.#count += count;
  }
}
