import { range } from "../data/index.js";
import { DensityRunner } from "../models/index.js";
import { Random } from "../random.js";
import { writeFileAtomic } from "../files/atomic-file.js";
import type { NDArray } from "../tree.js";
import {
  evaluateClassifier,
  evaluateDensity,
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

/** Where measurements go: a run's folder, and the terminal for progress. */
export interface Place {
  readonly folder: RunFolder;
  readonly terminal: Terminal;
}

const pairs = 12;

/** Evaluates a model on all of a split; the result goes to the run's folder too. */
export async function evaluateRun(
  runner: AnyRunner,
  examples: Examples,
  { folder, terminal }: Place,
  options: Pick<DensityEvaluationOptions, "terms" | "probes"> = {},
): Promise<Evaluation> {
  const indices = range(0, examples.count);
  const label = `evaluate ${examples.split}`;
  const onProgress = counter(terminal, { label, total: examples.count, unit: "examples" });
  const evaluation =
    runner instanceof DensityRunner
      ? await evaluateDensity(runner, examples, { ...options, indices, onProgress })
      : await evaluateClassifier(runner, examples, { indices, onProgress });
  await writeJson(folder.evaluation(examples.split), evaluation);
  return evaluation;
}

/** Maps examples to the latent and back; result and pictures go to the run's folder. */
export async function reconstructRun(
  runner: AnyRunner,
  examples: Examples,
  { folder, terminal }: Place,
  {
    count = examples.count,
    ...limits
  }: Omit<ReconstructionOptions, "indices"> & { count?: number },
): Promise<Measurement> {
  const indices = spread(examples.count, count);
  const label = `reconstruct ${examples.split}`;
  const onProgress = counter(terminal, { label, total: indices.length, unit: "examples" });
  const measurement = await reconstruct(runner, examples, { ...limits, indices, onProgress });
  if (runner.model.bijection.inShape.length === 3) {
    const { x } = examples.take(spread(examples.count, pairs));
    const back = await runner.attemptInverse(await runner.forward(x), limits);
    const sheet = pairSheet(x, back.x, { amplification });
    await writeFileAtomic(folder.picture("reconstructions.png"), encodeRgb(sheet));
  }
  await writeJson(folder.reconstruction, measurement.reconstruction);
  return measurement;
}

/** Samples as a PNG: a sheet of images, or a histogram of the plane. */
export function samplesPng(samples: NDArray): Uint8Array {
  return samples.shape.length === 4 ? encodeRgb(imageSheet(samples)) : samplesImage(samples);
}

/** Pictures of a 2-D density, to the run's folder. */
export async function showPlane(
  runner: DensityRunner,
  examples: Examples,
  { folder }: Place,
): Promise<Plane> {
  const { x } = examples.take(range(0, examples.count));
  const random = Random.fromSeed(0).split("plane");
  const { panels, grid, ...plane } = await planePictures(runner, x, random);
  await writeFileAtomic(folder.picture("density.png"), panels);
  await writeFileAtomic(folder.picture("warped-grid.svg"), grid);
  await writeJson(folder.plane, plane);
  return plane;
}
