import { DivergenceError } from "../errors.js";
import type { Random } from "../random.js";
import type { Arrays } from "../tree.js";
import { compileProbe, type Job } from "./graphs.js";

/** A step whose numbers weren't finite: what it was run on, and what it gave. */
export interface FailedStep {
  /** 1 at first. */
  readonly step: number;
  readonly batch: Arrays;
  /** Source of the step's noise. */
  readonly noise: Random;
  readonly loss: number;
  readonly gradNorm: number;
}

/** Finds where the step failed, by repeating it with the arrays from before. */
export async function divergenceError(
  job: Job,
  failed: FailedStep,
  arrays: Arrays,
): Promise<DivergenceError> {
  const { step, batch, loss, gradNorm } = failed;
  const bad = firstNonFinite(batch);
  const found = bad === undefined ? await locate(job, failed, arrays) : undefined;
  const where = found?.where ?? `the batch itself (${bad})`;
  const remedy =
    bad === undefined
      ? `start again with a lower learning rate${job.config.clip === null ? ", clip the gradient" : ""} or check the range of the data`
      : "check the data for NaN and infinite values";
  return new DivergenceError(
    `fit, step ${step}: expected finite numbers, got loss ${loss} and gradient norm ${gradNorm}, first in ${where}; ${remedy}`,
    { step, ...(bad !== undefined && { name: bad }), ...(found?.block && { block: found.block }) },
  );
}

async function locate(
  job: Job,
  { batch, noise, gradNorm }: FailedStep,
  arrays: Arrays,
): Promise<{ readonly where: string; readonly block?: string }> {
  const store = await job.engine.createStore(arrays);
  const probe = compileProbe(job);
  const sums = await probe.call(batch, { store, random: noise });
  await probe.close();
  await store.close();
  const name = firstNonFinite(sums);
  if (name === "loss") return { where: "the loss" };
  if (name !== undefined) return { where: `the output of block ${name}`, block: name };
  return { where: Number.isFinite(gradNorm) ? "the update of the parameters" : "the gradient" };
}

/** Name of the first array that holds NaN or an infinity. */
export function firstNonFinite(arrays: Arrays): string | undefined {
  return Object.keys(arrays).find((name) => !arrays[name]!.data.every(Number.isFinite));
}
