import { z } from "zod";
import { ConvergenceError } from "../errors.js";
import { expectConverged, type AnyRunner, type Measured } from "../runner/index.js";
import type { NumberArray } from "../tree.js";
import { inChunks, spread, type Examples } from "./examples.js";
import { measured } from "./measured.js";
import type { Point } from "./pictures/plane.js";
import { formatNumber } from "./terminal.js";
import { table } from "./text.js";

/** Errors after so many iterations in every block. */
export const curvePoint = z.object({ steps: z.int(), maxError: measured, meanError: measured });

export const reconstructionSchema = z.object({
  split: z.string(),
  examples: z.int(),
  /** What errors are measured in. */
  unit: z.string(),
  maxError: measured,
  meanError: measured,
  /** The block whose inverse left most, and what it left, relative to 1 + |y|₂. */
  worstBlock: z.object({ path: z.string(), residual: measured }).nullable(),
  /** Largest bound on a block's Lipschitz constant; NaN without residual blocks. */
  lipschitz: measured,
  /**
   * Errors after a fixed number of iterations in every residual block, on some of the examples.
   */
  curve: z.array(curvePoint).readonly(),
});

/** How far x̂ = f⁻¹(f(x)) is from x. */
export type Reconstruction = Readonly<z.output<typeof reconstructionSchema>>;

export type CurvePoint = z.output<typeof curvePoint>;

export interface ReconstructionOptions {
  readonly indices: Uint32Array;
  /** Most iterations per block. */
  readonly steps?: number;
  readonly tolerance?: number;
  readonly onProgress?: (done: number) => void;
}

/** What {@link reconstruct} measured, with the checks that the inverse made. */
export interface Measurement {
  readonly reconstruction: Reconstruction;
  readonly checks: readonly Measured[];
}

const curveSteps = [1, 2, 3, 5, 8, 13, 21, 34, 55] as const;
const curveExamples = 100;
const chunkSize = 500;
/** A pixel that is further off than half a gray level comes back as another one. */
const halfGrayLevel = 0.5 / 255;

/**
 * Maps examples to the latent and back.
 * @throws {UsageError} if the model has no inverse.
 */
export async function reconstruct(
  runner: AnyRunner,
  examples: Examples,
  { indices, onProgress, ...limits }: ReconstructionOptions,
): Promise<Measurement> {
  const total = new Errors(examples.unitSize);
  const worst = new Map<string, Measured>();
  await inChunks(indices, chunkSize, async (chunk, start) => {
    const { x } = examples.take(chunk);
    const back = await runner.attemptInverse(await runner.forward(x), limits);
    total.add(x, back.x);
    for (const check of back.checks) {
      worst.set(check.where, worseOf(worst.get(check.where), check));
    }
    onProgress?.(start + chunk.length);
  });
  const checks = [...worst.values()];
  const last = checks.reduce<Measured | undefined>(worseOf, undefined);
  const bounds = Object.values(runner.lipschitz);
  return {
    checks,
    reconstruction: {
      split: examples.split,
      examples: indices.length,
      unit: examples.unit,
      maxError: total.max,
      meanError: total.mean,
      worstBlock: last ? { path: last.where, residual: last.residual } : null,
      lipschitz: bounds.length > 0 ? Math.max(...bounds) : NaN,
      curve:
        bounds.length > 0
          ? await errorCurve(runner, examples, spread(indices.length, curveExamples), indices)
          : [],
    },
  };
}

/** The larger residual; what is no number is worse than any. */
function worseOf(a: Measured | undefined, b: Measured): Measured {
  return a && (Number.isNaN(a.residual) || a.residual >= b.residual) ? a : b;
}

async function errorCurve(
  runner: AnyRunner,
  examples: Examples,
  places: Uint32Array,
  indices: Uint32Array,
): Promise<CurvePoint[]> {
  const { x } = examples.take(places.map((place) => indices[place]!));
  const z = await runner.forward(x);
  const curve: CurvePoint[] = [];
  for (const steps of curveSteps) {
    const errors = new Errors(examples.unitSize);
    errors.add(x, (await runner.attemptInverse(z, { steps, tolerance: 0 })).x);
    curve.push({ steps, maxError: errors.max, meanError: errors.mean });
  }
  return curve;
}

/**
 * Lⁿ, for comparison, from the first measured point on: the rate at which the iteration of the
 * block with the largest bound L converges at least. It doesn't bound the error of the whole
 * inverse, in which the parts between the blocks count too.
 */
export function comparisonRate({ curve, lipschitz }: Reconstruction): Point[] {
  const [first] = curve;
  if (!first || !(lipschitz < 1)) return [];
  return curve.map(({ steps }) => [steps, first.maxError * lipschitz ** (steps - first.steps)]);
}

/** @throws {ConvergenceError} if an inverse did not converge, or led elsewhere. */
export function expectReconstructed({ reconstruction, checks }: Measurement): void {
  expectConverged(checks, "inverse");
  const { maxError, unit } = reconstruction;
  if (!(maxError <= halfGrayLevel)) {
    throw new ConvergenceError(
      `reconstruct: expected every value to come back within ${formatNumber(halfGrayLevel)} ${unit}, got an error of ${formatNumber(maxError)}; the inverse isn't unique or loses too many digits: train with a bound c below 1, or a smaller one`,
    );
  }
}

export function reconstructionText(reconstruction: Reconstruction): string {
  return table(reconstructionRows(reconstruction).map(({ label, text }) => [label, text]));
}

/** What a person wants to know of a reconstruction. */
export function reconstructionRows({
  split,
  examples,
  unit,
  maxError,
  meanError,
  worstBlock,
}: Reconstruction): readonly { readonly label: string; readonly text: string }[] {
  const scale = unit === "pixel units" ? " (1 is the full range of a pixel)" : "";
  return [
    { label: "examples", text: `${examples.toLocaleString("en-US")} (${split})` },
    { label: "largest error", text: `${formatNumber(maxError)} ${unit}${scale}` },
    { label: "mean error", text: `${formatNumber(meanError)} ${unit}` },
    {
      label: "worst residual",
      text: worstBlock
        ? `${formatNumber(worstBlock.residual)}, relative, in ${worstBlock.path}`
        : "none: every part has a closed inverse",
    },
  ];
}

/** Largest and mean absolute difference; a difference that is no number stays one. */
export class Errors {
  max = 0;
  #sum = 0;
  #count = 0;
  readonly #unitSize: number;

  constructor(unitSize: number) {
    this.#unitSize = unitSize;
  }

  get mean(): number {
    return this.#sum / this.#count;
  }

  add(x: NumberArray, back: NumberArray): void {
    for (let i = 0; i < x.data.length; i++) {
      const error = Math.abs(x.data[i]! - back.data[i]!) / this.#unitSize;
      this.max = Math.max(this.max, error);
      this.#sum += error;
    }
    this.#count += x.data.length;
  }
}
