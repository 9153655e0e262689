import * as z from "zod";
import { ranges } from "../border/ranges.js";
import {
  exact,
  leastTail,
  neumannSeries,
  powerSeries,
  probeNoises,
  roulette,
} from "../bijections/index.js";
import type { LogDetEstimator } from "../nn/index.js";
import { count, parseConfig, whole } from "../models/config.js";
import { optimizerConfig } from "./optimizers.js";
import { scheduleConfig } from "./schedules.js";

const probeNoise = z.enum(probeNoises).default("rademacher");

const logDetConfig = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("exact") }),
  z.strictObject({
    kind: z.enum(["neumann", "series"]),
    terms: whole(ranges.terms).default(5),
    probes: whole(ranges.probes).default(1),
    noise: probeNoise,
  }),
  z.strictObject({
    kind: z.literal("roulette"),
    exactTerms: whole({ ...ranges.terms, least: 0 }).default(2),
    tail: z
      .discriminatedUnion("kind", [
        z.strictObject({
          kind: z.literal("geometric"),
          p: z.number().min(leastTail).lt(1).default(0.5),
        }),
        z.strictObject({
          kind: z.literal("poisson"),
          rate: z.number().min(leastTail).max(100).default(2),
        }),
      ])
      .prefault({ kind: "geometric" }),
    noise: probeNoise,
  }),
]);

const range = z.number().nonnegative();
/** Pixels that an image is moved, padded or cut by. */
const pixels = whole({ least: 0, most: 4096 });

const augmentations = [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({
    kind: z.literal("affine"),
    shift: range,
    rotation: range,
    scale: range.lt(1),
    shear: range,
  }),
  z.strictObject({
    kind: z.literal("crop"),
    pad: pixels,
    flip: z.boolean(),
  }),
  z.strictObject({ kind: z.literal("noise"), scale: range }),
  z.strictObject({ kind: z.literal("translate"), by: pixels }),
  z.strictObject({ kind: z.literal("cutout"), size: pixels, value: z.number() }),
  z.strictObject({ kind: z.literal("flip"), alternate: z.boolean() }),
] as const;

const augmentationConfig = z.discriminatedUnion("kind", [
  ...augmentations,
  z.strictObject({
    kind: z.literal("several"),
    of: z.array(z.discriminatedUnion("kind", augmentations)).readonly(),
  }),
]);

const trainingConfig = z.strictObject({
  /** Decides every random number that `fit` draws. */
  seed: whole(ranges.place).default(0),
  steps: whole(ranges.steps),
  /** Steps that were taken under another configuration; the schedule begins anew after them. */
  from: whole({ ...ranges.steps, least: 0 }).exactOptional(),
  /** Examples in each batch. */
  batchSize: whole(ranges.batchSize),
  optimizer: optimizerConfig.prefault({ kind: "adam" }),
  schedule: scheduleConfig,
  /**
   * Longest gradient, in nats per unit of the parameters: if |∇loss|₂, over all parameters
   * together, is above it, the gradient is scaled down to it. `null` for no limit.
   */
  clip: z.number().positive().nullable().default(null),
  /** Decay of the moving average of the parameters that inference takes; `null` for none. */
  ema: z.number().gt(0).lt(1).nullable().default(null),
  /** Power iterations on each weight in each step. */
  powerIterations: whole({ least: 0, most: 1000 }).default(1),
  /** How residual blocks' log-determinants are estimated; classifiers need none. */
  logDet: logDetConfig.prefault({ kind: "neumann" }),
  /** Share s of a label's weight that classifiers spread over all classes, 0 ≤ s < 1. */
  labelSmoothing: z.number().nonnegative().lt(1).default(0),
  /** Examples that set ActNorm and the base distribution before the first step. */
  initialExamples: count.default(512),
  /** How training images are varied: see `Augmentation`. */
  augmentation: augmentationConfig.default({ kind: "none" }),
});

/** How a model is trained, complete, as a checkpoint keeps it. */
export type TrainingConfig = z.output<typeof trainingConfig>;

/** A {@link TrainingConfig} in which what has a default may be left out. */
export type TrainingOptions = z.input<typeof trainingConfig>;

/**
 * Checks a training configuration and fills in its defaults.
 * @throws {UsageError} naming each field that is unknown, missing or outside its range.
 */
export function parseTrainingConfig(options: unknown): TrainingConfig {
  return parseConfig(trainingConfig, options, "training configuration");
}

/** The estimator that a configuration names. */
export function logDetEstimator(config: TrainingConfig["logDet"]): LogDetEstimator {
  switch (config.kind) {
    case "exact":
      return exact;
    case "neumann":
    case "series": {
      const { kind, ...options } = config;
      return kind === "neumann" ? neumannSeries(options) : powerSeries(options);
    }
    case "roulette": {
      const { exactTerms, tail, noise } = config;
      return roulette({ exactTerms, tail, noise });
    }
  }
}
