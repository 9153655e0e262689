import { range } from "../data/index.js";
import { Random } from "../random.js";
import { writeFileAtomic } from "../files/atomic-file.js";
import type { NumberArray } from "../tree.js";
import {
  evaluateClassifier,
  evaluateDensity,
  evaluateHybrid,
  type DensityEvaluationOptions,
  type Evaluation,
} from "./evaluation.js";
import { spread, type Examples } from "./examples.js";
import { counter, type AnyRunner } from "./perform.js";
import { imageSheet, pairSheet } from "./pictures/image-sheet.js";
import { encodeRgb } from "./pictures/png.js";
import { planePictures, samplesImage, type Plane } from "./plane.js";
import { reconstruct, type Measurement, type ReconstructionOptions } from "./reconstruction.js";
import { amplification } from "./report.js";
import { writeJson, type RunFolder } from "./run-folder.js";
import type { Terminal } from "./terminal.js";

/** Pictures of a run by file name, ready to be written. */
export type Pictures = Readonly<Record<string, Uint8Array | string>>;

const pairs = 12;

/** Evaluates a model on all of a split. */
export async function evaluateRun(
  runner: AnyRunner,
  examples: Examples,
  terminal: Terminal,
  options: Pick<DensityEvaluationOptions, "terms" | "probes"> = {},
): Promise<Evaluation> {
  const indices = range(0, examples.count);
  const label = `evaluate ${examples.split}`;
  const onProgress = counter(terminal, { label, total: examples.count, unit: "examples" });
  switch (runner.model.task) {
    case "hybrid":
      return evaluateHybrid(runner, examples, { ...options, indices, onProgress });
    case "density":
      return evaluateDensity(runner, examples, { ...options, indices, onProgress });
    case "classification":
      return evaluateClassifier(runner, examples, { indices, onProgress });
  }
}

export async function saveEvaluation(folder: RunFolder, evaluation: Evaluation): Promise<void> {
  await writeJson(folder.evaluation(evaluation.split), evaluation);
}

/** A measurement with what it looks like. */
export interface PicturedMeasurement extends Measurement {
  readonly pictures: Pictures;
}

/** Maps examples to the latent and back. */
export async function reconstructRun(
  runner: AnyRunner,
  examples: Examples,
  terminal: Terminal,
  {
    count = examples.count,
    ...limits
  }: Omit<ReconstructionOptions, "indices"> & { count?: number },
): Promise<PicturedMeasurement> {
  const indices = spread(examples.count, count);
  const label = `reconstruct ${examples.split}`;
  const onProgress = counter(terminal, { label, total: indices.length, unit: "examples" });
  const measurement = await reconstruct(runner, examples, { ...limits, indices, onProgress });
  if (runner.model.batch.x?.length !== 3) return { ...measurement, pictures: {} };
  const { x } = examples.take(spread(examples.count, pairs));
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

/** Samples as a PNG: a sheet of images, or a histogram of the plane. */
export function samplesPng(samples: NumberArray): Uint8Array {
  return samples.shape.length === 4 ? encodeRgb(imageSheet(samples)) : samplesImage(samples);
}

/** What a density looks like: samples of images, or all of the plane. */
export async function drawDensity(
  runner: AnyRunner,
  examples: Examples,
): Promise<{ readonly pictures: Pictures; readonly plane?: Plane }> {
  if (runner.model.pixels) {
    const samples = await runner.sample(64, { random: Random.fromSeed(0) });
    return { pictures: { "samples.png": samplesPng(samples) } };
  }
  const { x } = examples.take(range(0, examples.count));
  const random = Random.fromSeed(0).split("plane");
  const { panels, grid, ...plane } = await planePictures(runner, x, random);
  return { plane, pictures: { "density.png": panels, "warped-grid.svg": grid } };
}

export async function savePictures(folder: RunFolder, pictures: Pictures): Promise<void> {
  for (const [name, content] of Object.entries(pictures)) {
    await writeFileAtomic(folder.picture(name), content);
  }
}
