import { expectKind } from "../border/kinds.js";
import type { Check } from "../bijections/index.js";
import { rowList } from "../border/arrays.js";
import { ConvergenceError } from "../errors.js";
import type { Tensor } from "../graph/index.js";
import type { Arrays, NDArray } from "../tree.js";
import { errorBound } from "./limits.js";

/** A check's measurements on a batch. */
export interface Measured extends Omit<Check, "residual"> {
  /** Largest over the batch; NaN if one is. */
  readonly residual: number;
  /** `[B]`. */
  readonly perEvent: NDArray;
  /**
   * For an iterative inverse: |x − f⁻¹(y)|₂/(1 + |y|₂) is at most L/(1 − L) times the residual, if
   * {@link Runner.lipschitz} bounds the block by L < 1 and rounding aside; else infinite. It is the
   * block's own error, and doesn't bound what the blocks after it make of that: each by up to
   * 1/(1 − L).
   */
  readonly errorBound?: number;
}

export type Direction = "forward pass" | "inverse";

/** Outputs of a graph that are residuals of checks start with this. */
const prefix = "check:";

/** The checks of a runner's graphs: their residuals are outputs, found again among the results. */
export class Checks {
  readonly #checks = new Map<string, Check>();

  /** Residuals as outputs of a graph. Their places tell those of a block that is passed twice. */
  outputs(checks: readonly Check[]): Record<string, Tensor> {
    return Object.fromEntries(
      checks.map((check, i) => {
        const name = `${prefix}${i}:${check.where}`;
        this.#checks.set(name, check);
        return [name, check.residual];
      }),
    );
  }

  measured(results: Arrays, lipschitz: Readonly<Record<string, number>>): Measured[] {
    return Object.entries(results).flatMap(([name, perEvent]) => {
      const check = this.#checks.get(name);
      if (!check) return [];
      const { where, tolerance, remedy } = check;
      const residual = perEvent.data.reduce((most, r) => Math.max(most, r), 0);
      const bound = lipschitz[where];
      return [
        {
          where,
          tolerance,
          remedy,
          residual,
          perEvent,
          ...(bound !== undefined && { errorBound: errorBound(bound, residual) }),
        },
      ];
    });
  }
}

/** Rows of which a check wasn't kept; one comes as often as it has such checks. */
export function unconverged(checks: readonly Measured[]): readonly number[] {
  return checks.flatMap(rowsAbove);
}

/** @throws {ConvergenceError} if a residual is above its tolerance, or not a number. */
export function expectConverged(checks: readonly Measured[], direction: Direction): void {
  expectKind(checks, "list", "expectConverged");
  for (const check of checks) expectKind(check, "object", "expectConverged");
  const worst = checks.find(({ residual, tolerance }) => !(residual <= tolerance));
  if (!worst) return;
  const { where, tolerance, residual, remedy } = worst;
  const rows = rowsAbove(worst);
  throw new ConvergenceError(
    `${direction} of ${where}: expected a relative residual of at most ${tolerance}, got ${residual.toExponential(2)} in ${rowList(rows)}; ${remedy}`,
    { block: where, residual, tolerance, rows },
  );
}

function rowsAbove({ perEvent, tolerance }: Measured): number[] {
  return Array.from(perEvent.data).flatMap((residual, row) => (residual <= tolerance ? [] : [row]));
}
