import type { Split } from "../data/index.js";
import { ConvergenceError } from "../errors.js";
import { writeFileAtomic } from "../files/atomic-file.js";
import {
  evaluate,
  measurePlane,
  reconstruct,
  takeSpread,
  type EvaluateOptions,
  type Evaluation,
  type Plane,
  type ReconstructionMeasurement,
  type ReconstructOptions,
} from "../measure/index.js";
import { imageSheet, pairSheet } from "../pictures/image-sheet.js";
import { planePanels, pointsPanel } from "../pictures/plane-panels.js";
import { encodeRgb } from "../pictures/png.js";
import { Random } from "../random.js";
import type { Runner } from "../runner/index.js";
import type { NumberArray } from "../tree.js";
import { counter, type Listener } from "./listener.js";
import { amplification } from "./report.js";
import { writeJson, type RunFolder } from "./run-folder.js";

/** Pictures of a run by file name, ready to be written. */
export type Pictures = Readonly<Record<string, Uint8Array | string>>;

const pairs = 12;

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
  const { steps, tolerance } = options;
  const limits = {
    ...(steps !== undefined && { steps }),
    ...(tolerance !== undefined && { tolerance }),
  };
  const { x } = takeSpread(split, pairs);
  const back = await runner.attemptInverse(await runner.forward(x), limits);
  const sheet = encodeRgb(pairSheet(x, back.x, { amplification }));
  return { ...measurement, pictures: { "reconstructions.png": sheet } };
}

export async function saveReconstruction(
  folder: RunFolder,
  { reconstruction, pictures }: PicturedMeasurement,
): Promise<void> {
  await savePictures(folder, pictures);
  await writeJson(folder.reconstruction, reconstruction);
}

/** Samples as a PNG: a sheet of images, or a histogram of the plane; of other rows there is none. */
export function samplesPng(samples: NumberArray): Uint8Array | undefined {
  if (samples.shape.length === 4) return encodeRgb(imageSheet(samples));
  return samples.shape[1] === 2 ? encodeRgb(pointsPanel(samples)) : undefined;
}

/** What a density looks like: samples of images, or all of the plane. */
export async function drawDensity(
  runner: Runner,
  split: Split,
): Promise<{ readonly pictures: Pictures; readonly plane?: Plane }> {
  const { shape } = runner.model;
  if (shape.length === 3) {
    const samples = await runner.sample(64, { random: Random.fromSeed(0) });
    return { pictures: { "samples.png": encodeRgb(imageSheet(samples)) } };
  }
  if (shape[0] !== 2 || runner.data?.preprocessing) return { pictures: {} };
  const { x } = takeSpread(split);
  const measured = await measurePlane(runner, x, Random.fromSeed(0).split("plane"));
  const { panels, grid } = planePanels(measured, x);
  const { integral, side } = measured;
  return {
    plane: { integral, side },
    pictures: { "density.png": encodeRgb(panels), "warped-grid.svg": grid },
  };
}

export async function savePictures(folder: RunFolder, pictures: Pictures): Promise<void> {
  for (const [name, content] of Object.entries(pictures)) {
    await writeFileAtomic(folder.picture(name), content);
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
