import type { Engine } from "../../engine/index.js";
import { ConvergenceError } from "../../errors.js";
import { plannedIterations } from "../../models/index.js";
import { expectAbility } from "../../runner/index.js";
import { spread, type Examples } from "../examples.js";
import {
  drawDensity,
  evaluateRun,
  reconstructRun,
  saveEvaluation,
  savePictures,
  saveReconstruction,
} from "../measure.js";
import { counter, type AnyRunner } from "../perform.js";
import {
  Errors,
  expectReconstructed,
  type CurvePoint,
  type Measurement,
} from "../reconstruction.js";
import type { Run } from "../run-folder.js";
import { warnIfDiverging, type Place } from "../training.js";
import { measureEstimator, measurements } from "./estimator.js";
import { iterationCounts, plainInverses } from "./inversion.js";
import type { Measures } from "./result.js";
import type { ReproductionName } from "./tasks.js";

/** A trained row, ready to be measured. */
export interface Trained {
  readonly engine: Engine;
  readonly run: Run;
  readonly runner: AnyRunner;
  readonly test: Examples;
  readonly place: Place;
}

/** What a reproduction measures of each row, beside its evaluation on the test set. */
const extras: Record<ReproductionName, (trained: Trained) => Promise<Measures>> = {
  "table-classification": measureInverse,
  "table-density": draw,
  "figure-inversion": async (trained) => ({ inversion: await inversionCurve(trained) }),
  "figure-logdet": async (trained) => ({ estimator: await estimatorOf(trained) }),
  "figure-toy": draw,
};

export async function measure(name: ReproductionName, trained: Trained): Promise<Measures> {
  const { runner, test, place } = trained;
  const evaluation = await evaluateRun(runner, test, place.terminal);
  await saveEvaluation(place.folder, evaluation);
  return { evaluation, ...(await extras[name](trained)) };
}

const reconstructed = 1000;

/** The inverse within its planned iterations; without a bound, with those of c = 0.9. */
async function measureInverse({ runner, test, place }: Trained): Promise<Measures> {
  if (!runner.model.bijection) return {};
  const isBounded = Object.values(runner.lipschitz).every((bound) => bound < 1);
  const steps = isBounded ? undefined : plannedIterations(0.9 ** 3, 1e-6);
  const measurement = await reconstructRun(runner, test, place.terminal, {
    count: reconstructed,
    ...(steps !== undefined && { steps }),
  });
  await saveReconstruction(place.folder, measurement);
  return {
    reconstruction: measurement.reconstruction,
    inverseFailure: inverseFailure(measurement),
  };
}

function inverseFailure(measurement: Measurement): string | null {
  try {
    expectReconstructed(measurement);
    return null;
  } catch (error) {
    if (error instanceof ConvergenceError) return error.message;
    throw error;
  }
}

async function draw({ runner, test, place }: Trained): Promise<Measures> {
  const density = await warnIfDiverging(place.terminal, () => drawDensity(runner, test));
  if (density) await savePictures(place.folder, density.pictures);
  return density?.plane ? { plane: density.plane } : {};
}

const inverted = 100;

async function inversionCurve({ engine, run, test, place }: Trained): Promise<CurvePoint[]> {
  const { x } = test.take(spread(test.count, inverted));
  const { bijection } = expectAbility(run.model, "bijection", "figure-inversion");
  place.terminal.note(`Inverting ${x.shape[0]} test images.`);
  const backs = await plainInverses(engine, { ...run, bijection }, x, iterationCounts);
  return backs.map((back, i) => {
    const errors = new Errors(test.unitSize);
    errors.add(x, back);
    return { steps: iterationCounts[i]!, maxError: errors.max, meanError: errors.mean };
  });
}

async function estimatorOf({ runner, test, place }: Trained): Promise<Measures["estimator"]> {
  const count = counter(place.terminal, {
    label: "estimate",
    total: measurements,
    unit: "series",
  });
  return measureEstimator(runner, test, count);
}
