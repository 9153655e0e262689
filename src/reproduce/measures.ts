import { inferenceArrays, type Checkpoint } from "../checkpoint/index.js";
import type { Split } from "../data/index.js";
import type { Engine } from "../engine/index.js";
import { ConvergenceError } from "../errors.js";
import {
  expectReconstructed,
  inversionCurve,
  measureEstimator,
  type ReconstructionMeasurement,
} from "../measure/index.js";
import { plannedIterations } from "../models/index.js";
import type { Runner } from "../runner/index.js";
import { counter } from "../runs/listener.js";
import {
  drawDensity,
  evaluateRun,
  reconstructRun,
  saveEvaluation,
  savePictures,
  saveReconstruction,
  warnIfDiverging,
} from "../runs/outcome.js";
import type { Place } from "../runs/train-run.js";
import type { Measures } from "./result.js";
import type { ReproductionName } from "./tasks.js";

/** A trained row, ready to be measured. */
export interface Trained {
  readonly engine: Engine;
  readonly checkpoint: Checkpoint;
  readonly runner: Runner;
  readonly test: Split;
  readonly place: Place;
}

/** What a reproduction measures of each row, beside its evaluation on the test set. */
const extras: Record<ReproductionName, (trained: Trained) => Promise<Measures>> = {
  "table-classification": measureInverse,
  "table-density": draw,
  "figure-inversion": async ({ engine, checkpoint, runner: { model }, test, place }) => {
    place.listener.note("Inverting test images.");
    const arrays = inferenceArrays(checkpoint.arrays);
    return { inversion: await inversionCurve({ engine, model, arrays }, test) };
  },
  "figure-logdet": async ({ runner, test, place }) => {
    const count = counter(place.listener, { label: "estimate", unit: "series" });
    return { estimator: await measureEstimator(runner, test, count) };
  },
  "figure-toy": draw,
};

export async function measure(name: ReproductionName, trained: Trained): Promise<Measures> {
  const { runner, test, place } = trained;
  const evaluation = await evaluateRun(runner, test, place.listener);
  await saveEvaluation(place.folder, evaluation);
  return { evaluation, ...(await extras[name](trained)) };
}

const reconstructed = 1000;

/** The inverse within its planned iterations; without a bound, with those of c = 0.9. */
async function measureInverse({ runner, test, place }: Trained): Promise<Measures> {
  if (!runner.model.bijection) return {};
  const isBounded = Object.values(runner.lipschitz).every((bound) => bound < 1);
  const steps = isBounded ? undefined : plannedIterations(0.9 ** 3, 1e-6);
  const measurement = await reconstructRun(runner, test, place.listener, {
    count: reconstructed,
    ...(steps !== undefined && { steps }),
  });
  await saveReconstruction(place.folder, measurement);
  return {
    reconstruction: measurement.reconstruction,
    inverseFailure: inverseFailure(measurement),
  };
}

function inverseFailure(measurement: ReconstructionMeasurement): string | null {
  try {
    expectReconstructed(measurement);
    return null;
  } catch (error) {
    if (error instanceof ConvergenceError) return error.message;
    throw error;
  }
}

async function draw({ runner, test, place }: Trained): Promise<Measures> {
  const density = await warnIfDiverging(place.listener, () => drawDensity(runner, test));
  if (density) await savePictures(place.folder, density.pictures);
  return density?.plane ? { plane: density.plane } : {};
}
