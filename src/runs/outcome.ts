import type { Split } from "../data/index.js";
import { ConvergenceError, type FileError } from "../errors.js";
import { writeFileAtomic } from "../files/atomic-file.js";
import { isReadOnly } from "../files/file-errors.js";
import {
  evaluate,
  measurePlane,
  reconstruct,
  type EvaluateOptions,
  type Evaluation,
  type Plane,
  type ReconstructionMeasurement,
  type ReconstructOptions,
} from "../measure/index.js";
import { takeSpread } from "../measure/batches.js";
import { classCondition } from "../images/index.js";
import { reconstructionsPicture } from "../pictures/image-picture.js";
import { planePicture } from "../pictures/plane-picture.js";
import { Random } from "../random.js";
import { limitsOf, type Runner } from "../runner/index.js";
import { counter, type Listener } from "./listener.js";
import { writeJson, type RunFolder } from "./run-folder.js";
import { modelOnData, samplesPicture } from "./run-pictures.js";

/** SVG pictures of a run by file name, ready to be written. */
export type Pictures = Readonly<Record<string, string>>;

const pairs = 10;
const drawn = 64;

/** Evaluates a model on a split, and says how far it is. */
export function evaluateRun(
  runner: Runner,
  split: Split,
  listener: Listener,
  options: Omit<EvaluateOptions, "onProgress"> = {},
): Promise<Evaluation> {
  const onProgress = counter(listener, { label: `evaluate ${split.name}`, unit: "examples" });
  return evaluate(runner, split, { ...options, onProgress });
}

export async function saveEvaluation(folder: RunFolder, evaluation: Evaluation): Promise<void> {
  await writeJson(folder.evaluation(evaluation.split), evaluation);
}

/** A measurement with what it looks like. */
export interface PicturedMeasurement extends ReconstructionMeasurement {
  readonly pictures: Pictures;
}

/** Maps examples to the latent and back, and draws some of them. */
export async function reconstructRun(
  runner: Runner,
  split: Split,
  listener: Listener,
  options: Omit<ReconstructOptions, "onProgress">,
): Promise<PicturedMeasurement> {
  const onProgress = counter(listener, { label: `reconstruct ${split.name}`, unit: "examples" });
  const measurement = await reconstruct(runner, split, { ...options, onProgress });
  if (runner.model.shape.length !== 3) return { ...measurement, pictures: {} };
  const { x, condition } = takeSpread(split, pairs);
  const given = condition ? { condition } : {};
  const back = await runner.attemptInverse(await runner.forward(x, given), {
    ...limitsOf(options),
    ...given,
  });
  const title = `${modelOnData(runner)}: ${x.shape[0]} ${split.name} images and back`;
  const picture = reconstructionsPicture(title, x, back.x);
  return { ...measurement, pictures: { "reconstructions.svg": picture } };
}

export async function saveReconstruction(
  folder: RunFolder,
  { reconstruction, pictures }: PicturedMeasurement,
): Promise<void> {
  await savePictures(folder, pictures);
  await writeJson(folder.reconstruction, reconstruction);
}

/** What a density looks like: samples of images, or all of the plane. */
export async function drawDensity(
  runner: Runner,
  split: Split,
): Promise<{ readonly pictures: Pictures; readonly plane?: Plane }> {
  const { shape } = runner.model;
  if (shape.length === 3) {
    const samples = await runner.sample(drawn, {
      random: Random.fromSeed(0),
      ...classCondition(runner.data, drawn),
    });
    return { pictures: { "samples.svg": samplesPicture(runner, samples, { temperature: 1 }) } };
  }
  if (shape[0] !== 2 || runner.data?.preprocessing) return { pictures: {} };
  const { x } = takeSpread(split);
  const measured = await measurePlane(runner, x, Random.fromSeed(0).split("plane"));
  const { integral, side } = measured;
  const picture = planePicture(modelOnData(runner), measured, x);
  return { plane: { integral, side }, pictures: { "density.svg": picture } };
}

export async function savePictures(folder: RunFolder, pictures: Pictures): Promise<void> {
  for (const [name, content] of Object.entries(pictures)) {
    await writeFileAtomic(folder.picture(name), content);
  }
}

/** Saves what was measured; a run on a disk that is read-only stays as it is. */
export async function saveUnlessReadOnly(
  listener: Listener,
  save: () => Promise<void>,
): Promise<void> {
  try {
    await save();
  } catch (error) {
    if (!isReadOnly(error)) throw error;
    listener.warn(`not saved: ${(error as FileError).message}`);
  }
}

/** A network without a bound need not have an inverse: what needs one is left out. */
export async function warnIfDiverging<T>(
  listener: Listener,
  body: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof ConvergenceError)) throw error;
    listener.warn(error.message);
    return undefined;
  }
}
