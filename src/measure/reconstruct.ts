import { expectKind } from "../border/kinds.js";
import * as z from "zod";
import { expectOptions } from "../border/options.js";
import type { Split } from "../data/index.js";
import { ConvergenceError } from "../errors.js";
import {
  expectAbility,
  expectConverged,
  type InverseLimits,
  type Measured,
  type Runner,
} from "../runner/index.js";
import { eachBatch, takeSpread, type MeasureOptions } from "./batches.js";
import { jsonNumber } from "./json-number.js";
import { Errors, errorUnit, type ErrorUnit } from "./unit.js";

/** What a file of a curve holds. */
export const curvePoint = z.object({ steps: z.int(), maxError: jsonNumber, meanError: jsonNumber });

/** What a file of a reconstruction holds. */
export const reconstructionSchema = z.object({
  split: z.string(),
  examples: z.int(),
  /** The unit of the errors. */
  unit: z.string(),
  maxError: jsonNumber,
  meanError: jsonNumber,
  /** The block whose inverse left most, and what it left, relative to 1 + |y|₂. */
  worstBlock: z.object({ path: z.string(), residual: jsonNumber }).nullable(),
  /** Largest bound on a block's Lipschitz constant; NaN without residual blocks. */
  lipschitz: jsonNumber,
  /** Errors after a fixed number of iterations in every residual block, on some of the examples. */
  curve: z.array(curvePoint).readonly(),
});

/** How far x̂ = f⁻¹(f(x)) is from x. */
export type Reconstruction = Readonly<z.output<typeof reconstructionSchema>>;

/** Errors after so many iterations in every block. */
export type CurvePoint = z.output<typeof curvePoint>;

export interface ReconstructOptions extends MeasureOptions, InverseLimits {}

/** A reconstruction with the checks that the inverse made, the worst of each block. */
export interface ReconstructionMeasurement {
  readonly reconstruction: Reconstruction;
  readonly checks: readonly Measured[];
}

const curveSteps = [1, 2, 3, 5, 8, 13, 21, 34, 55] as const;
const curveExamples = 100;
/** A pixel that is further off than half a gray level comes back as another one. */
const halfGrayLevel = 0.5 / 255;

/**
 * Maps examples to the latent and back, and measures how far they come back from where they were:
 * pixels in units of their full range, columns in standard deviations.
 *
 * @param runner of a model with an inverse
 * @param split of a data set
 * @param options how many examples, limits of the inverse, and whom to tell of progress
 * @throws {UsageError} if the model has no inverse, or an option is unknown.
 */
export async function reconstruct(
  runner: Runner,
  split: Split,
  options: ReconstructOptions = {},
): Promise<ReconstructionMeasurement> {
  expectOptions(options, ["count", "onProgress", "steps", "tolerance"], "reconstruct");
  expectKind(runner, "runner", "reconstruct");
  expectAbility(runner.model, "bijection", "reconstruct");
  const { count, onProgress, ...limits } = options;
  const unit = errorUnit(runner);
  const total = new Errors(unit);
  const worst = new Map<string, Measured>();
  const examples = await eachBatch(
    split,
    { ...(count !== undefined && { count }), ...(onProgress && { onProgress }) },
    async ({ x, condition }) => {
      const given = condition ? { condition } : {};
      const back = await runner.attemptInverse(await runner.forward(x, given), {
        ...limits,
        ...given,
      });
      total.add(x, back.x);
      for (const check of back.checks) {
        worst.set(check.where, worseOf(worst.get(check.where), check));
      }
    },
  );
  const checks = [...worst.values()];
  const last = checks.reduce<Measured | undefined>(worseOf, undefined);
  const bounds = Object.values(runner.lipschitz);
  return {
    checks,
    reconstruction: {
      split: split.name,
      examples,
      unit: unit.name,
      maxError: total.max,
      meanError: total.mean,
      worstBlock: last ? { path: last.where, residual: last.residual } : null,
      lipschitz: bounds.length > 0 ? Math.max(...bounds) : NaN,
      curve: bounds.length > 0 ? await errorCurve(runner, split, unit) : [],
    },
  };
}

/** @throws {ConvergenceError} if an inverse did not converge, or led elsewhere. */
export function expectReconstructed(measurement: ReconstructionMeasurement): void {
  expectKind(measurement, "measurement", "expectReconstructed");
  const { reconstruction, checks } = measurement;
  expectConverged(checks, "inverse");
  const { maxError, unit } = reconstruction;
  if (!(maxError <= halfGrayLevel)) {
    throw new ConvergenceError(
      `reconstruct: expected every value to come back within ${halfGrayLevel.toPrecision(3)} ${unit}, got an error of ${maxError.toPrecision(3)}; the inverse isn't unique or loses too many digits: train with a bound c below 1, or a smaller one`,
      { residual: maxError, tolerance: halfGrayLevel },
    );
  }
}

/**
 * Lⁿ, for comparison, from the first measured point on: the rate at which the iteration of the
 * block with the largest bound L converges at least. It doesn't bound the error of the whole
 * inverse, in which the parts between the blocks count too.
 */
export function comparisonRate(reconstruction: Reconstruction): [number, number][] {
  expectKind(reconstruction, "reconstruction", "comparisonRate");
  const { curve, lipschitz } = reconstruction;
  const [first] = curve;
  if (!first || !(lipschitz < 1)) return [];
  return curve.map(({ steps }) => [steps, first.maxError * lipschitz ** (steps - first.steps)]);
}

/** The larger residual; what is no number is worse than any. */
function worseOf(a: Measured | undefined, b: Measured): Measured {
  return a && (Number.isNaN(a.residual) || a.residual >= b.residual) ? a : b;
}

async function errorCurve(runner: Runner, split: Split, unit: ErrorUnit): Promise<CurvePoint[]> {
  const { x, condition } = takeSpread(split, curveExamples);
  const given = condition ? { condition } : {};
  const z = await runner.forward(x, given);
  const curve: CurvePoint[] = [];
  for (const steps of curveSteps) {
    const errors = new Errors(unit);
    errors.add(x, (await runner.attemptInverse(z, { ...given, steps, tolerance: 0 })).x);
    curve.push({ steps, maxError: errors.max, meanError: errors.mean });
  }
  return curve;
}
