import { expectWhole, ranges } from "../border/ranges.js";
import { UsageError } from "../errors.js";
import { plannedIterations } from "../models/index.js";
import { inverseDefaults } from "../nn/index.js";
import { ndarray, type Arrays, type NDArray } from "../tree.js";

export interface InverseLimits {
  /**
   * Most fixed-point iterations per block. Unless given, twice as many as bring plain iteration to
   * float32's limit by the block's Lipschitz bound, or 500 where that isn't below 1.
   */
  readonly steps?: number;
  /**
   * Wanted accuracy of each block's inverse, |x − f⁻¹(y)|₂/(1 + |y|₂), 10⁻⁶ unless given: a block
   * stops once its last step certifies that for every event, see {@link Measured.errorBound}, or
   * is at float32's limit.
   */
  readonly tolerance?: number;
}

export const limitOptions = ["steps", "tolerance"] as const;

/** The limits that are given among other options. */
export function limitsOf({ steps, tolerance }: InverseLimits): InverseLimits {
  return {
    ...(steps !== undefined && { steps }),
    ...(tolerance !== undefined && { tolerance }),
  };
}

/**
 * The limits of an inverse as arguments of a graph: one number for each block.
 * @throws {UsageError} if they aren't numbers of their range.
 */
export function limitArrays(
  { steps, tolerance = 1e-6 }: InverseLimits,
  lipschitz: Readonly<Record<string, number>>,
  where: string,
): Arrays {
  if (steps !== undefined) expectWhole(steps, ranges.iterations, `${where}: steps`);
  if (!(tolerance >= 0)) {
    throw new UsageError(`${where}: expected a tolerance of at least 0, got ${tolerance}`, {
      name: "tolerance",
    });
  }
  const bounds = Object.values(lipschitz);
  const vector = (f: (lipschitz: number) => number): NDArray =>
    ndarray(bounds.map(f), [bounds.length]);
  return {
    steps: vector((bound) => steps ?? mostIterations(bound)),
    tolerance: vector((bound) => stepTolerance(bound, tolerance)),
  };
}

/** Of an inverse whose last step is so long, relative to 1 + |y|₂ as the step is. */
export function errorBound(lipschitz: number, step: number): number {
  return lipschitz < 1 ? (lipschitz / (1 - lipschitz)) * step : Infinity;
}

/** The step that certifies an accuracy, or float32's limit; not above the accuracy itself. */
function stepTolerance(lipschitz: number, accuracy: number): number {
  const certifying = Math.min(1, 1 / errorBound(lipschitz, 1)) * accuracy;
  return Math.max(certifying, Math.min(accuracy, inverseDefaults.tolerance));
}

function mostIterations(lipschitz: number): number {
  const planned = plannedIterations(lipschitz, inverseDefaults.tolerance);
  return planned === undefined ? inverseDefaults.steps : 2 * planned;
}
