import { sizeOf, type NumberArray } from "../tree.js";
import type { Preprocessing } from "./preprocessing.js";

/** A number that isn't whole, in a column that held whole ones alone: it has density 0 there. */
export interface Fraction {
  readonly row: number;
  readonly column: string;
  readonly got: number;
}

/**
 * What isn't whole in columns of whole numbers, the first of each row's column. Noise of one unit
 * would give it a density like that of its neighbours; those whole numbers have probabilities, and it
 * has none. A whole number is one to float64's last digit, as in learning.
 *
 * @param x `[B, ...shape]` in the data's own units
 */
export function fractionsIn(x: NumberArray, plan: Preprocessing | undefined): Fraction[] {
  if (!plan?.columns.some(({ kind }) => kind === "whole")) return [];
  const { columns } = plan;
  const inner = sizeOf(plan.shape.slice(1));
  const found: Fraction[] = [];
  for (let row = 0; row < x.shape[0]!; row++) {
    columns.forEach(({ kind, name }, c) => {
      if (kind !== "whole") return;
      const from = (row * columns.length + c) * inner;
      for (let i = from; i < from + inner; i++) {
        const got = x.data[i]!;
        if (!Number.isFinite(got) || Number.isInteger(got)) continue;
        found.push({ row, column: name, got });
        break;
      }
    });
  }
  return found;
}
