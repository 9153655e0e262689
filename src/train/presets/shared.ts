import type { TrainingOptions } from "../config.js";

/** Mean and standard deviation of pixels, 0…255. */
export const mnistCentre = { mean: 0.1307 * 255, deviation: 0.3081 * 255 };
export const cifarCentre = { mean: 0.4734 * 255, deviation: 0.2516 * 255 };

/** Small changes of the shape that leave a digit what it is. */
export const affine = {
  kind: "affine",
  shift: 2,
  rotation: 0.2,
  scale: 0.12,
  shear: 0.15,
} as const;

/** What training on photographs changes of them. */
export const flips = { kind: "crop", pad: 0, flip: true } as const;

/** Adam, at a rate that rises for 100 steps and falls as a cosine. */
export function adamCosine(
  learningRate: number,
  options: Readonly<Record<string, number>> = { beta2: 0.99 },
): Pick<TrainingOptions, "optimizer" | "schedule"> {
  return {
    optimizer: { kind: "adam", ...options },
    schedule: { kind: "cosine", learningRate, warmup: 100 },
  };
}

/** The training of a density of the plane. */
export function toyTraining(steps: number, learningRate: number): TrainingOptions {
  return {
    steps,
    batchSize: 256,
    ...adamCosine(learningRate),
    clip: 5,
    initialExamples: 2048,
  };
}
