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

/** Says where the step failed, by repeating it with the arrays from before, if that can be done. */
export async function divergenceError(
  job: Job,
  failed: FailedStep,
  arrays: Arrays,
): Promise<DivergenceError> {
  const { step, batch, loss, gradNorm } = failed;
  const bad = firstNonFinite(batch);
  const found = bad === undefined ? await locate(job, failed, arrays).catch(lost) : undefined;
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

/** Where numbers stopped being finite. */
interface Found {
  readonly where: string;
  readonly block?: string;
}

/** What is known if the search failed: the loss of the run is what to tell. */
function lost(error: unknown): Found {
  const reason = error instanceof Error ? error.message : String(error);
  return { where: `a place that wasn't found (${reason})` };
}

async function locate(
  job: Job,
  { batch, noise, gradNorm }: FailedStep,
  arrays: Arrays,
): Promise<Found> {
  const store = await job.engine.createStore(arrays);
  const probe = compileProbe(job);
  let sums: Arrays;
  try {
    sums = await probe.call(batch, { store, random: noise });
  } finally {
    await store.close();
    await probe.close();
  }
  const name = firstNonFinite(sums);
  if (name === "loss") return { where: "the loss" };
  if (name !== undefined) return { where: `the output of block ${name}`, block: name };
  return { where: Number.isFinite(gradNorm) ? "the update of the parameters" : "the gradient" };
}

/** Name of the first array that holds NaN or an infinity. */
export function firstNonFinite(arrays: Arrays): string | undefined {
  return Object.keys(arrays).find((name) => !arrays[name]!.data.every(Number.isFinite));
}
