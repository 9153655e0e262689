import { UsageError } from "../errors.js";
import type { JsonValue } from "../json.js";
import type { ModelKind } from "../models/index.js";
import type { TrainingOptions } from "./config.js";

/** A model and its training, known to work together. */
export interface Preset {
  readonly name: string;
  /** One line: what it is, and how long it takes where that was measured. */
  readonly description: string;
  /** An image set, or a toy density. */
  readonly data: string;
  readonly model: { readonly kind: ModelKind; readonly config: JsonValue };
  readonly training: TrainingOptions;
}

const mnistCentre = { mean: 0.1307 * 255, deviation: 0.3081 * 255 };
const cifarCentre = { mean: 0.4734 * 255, deviation: 0.2516 * 255 };

/** Small changes of the shape that leave a digit what it is. */
const affine = { kind: "affine", shift: 2, rotation: 0.2, scale: 0.12, shear: 0.15 } as const;

const mnistClassifier: Preset = {
  name: "mnist-classifier",
  description:
    "i-ResNet classifier of MNIST for two cores: 4-4 blocks, 355 k parameters, 0.38 % error",
  data: "mnist",
  model: {
    kind: "i-resnet-classifier",
    config: {
      shape: [1, 28, 28],
      classes: 10,
      blocks: [4, 4],
      widths: [32, 64],
      squeezeFirst: true,
      channels: 16,
      centre: mnistCentre,
      activation: "elu",
      c: 0.9,
    },
  },
  training: {
    steps: 8000,
    batchSize: 64,
    optimizer: { kind: "adam", beta2: 0.99, weightDecay: 0.01 },
    schedule: { kind: "cosine", learningRate: 0.004, warmup: 100 },
    powerIterations: 1,
    augmentation: affine,
  },
};

const mnistDensity: Preset = {
  name: "mnist-density",
  description:
    "i-ResNet density of MNIST for two cores: 6-6 blocks of width 32, 56 k parameters, 1.26 bits/dim",
  data: "mnist",
  model: {
    kind: "i-resnet-density",
    config: {
      shape: [1, 28, 28],
      blocks: [6, 6],
      widths: [32],
      pixels: "logit",
      activation: "elu",
      c: 0.9,
    },
  },
  training: {
    steps: 20000,
    batchSize: 16,
    optimizer: { kind: "adam", beta2: 0.99 },
    schedule: { kind: "cosine", learningRate: 0.01, warmup: 100 },
    clip: 2,
    powerIterations: 1,
    logDet: { kind: "neumann", terms: 5 },
  },
};

const toy: Preset = {
  name: "toy",
  description: "i-ResNet density in two dimensions, under two minutes on two cores",
  data: "8gaussians",
  model: {
    kind: "i-resnet-density",
    config: { shape: [2], blocks: [12], widths: [64, 64], activation: "elu", c: 0.9 },
  },
  training: {
    steps: 2000,
    batchSize: 256,
    optimizer: { kind: "adam", beta2: 0.99 },
    schedule: { kind: "cosine", learningRate: 0.01, warmup: 100 },
    clip: 5,
    powerIterations: 1,
    logDet: { kind: "exact" },
    initialExamples: 2048,
  },
};

/** Rates and lengths of the paper's classifiers: 200 epochs of batches of 128. */
function paperClassifierTraining(examples: number): TrainingOptions {
  const epoch = Math.floor(examples / 128);
  return {
    steps: 200 * epoch,
    batchSize: 128,
    optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 5e-4 },
    schedule: {
      kind: "step",
      learningRate: 0.1,
      warmup: 10 * epoch,
      milestones: [60 * epoch, 120 * epoch, 160 * epoch],
      factor: 0.2,
    },
    powerIterations: 1,
    initialExamples: 1024,
  };
}

/** Rates and lengths of the paper's densities: 200 epochs of batches of 128. */
function paperDensityTraining(examples: number): TrainingOptions {
  return {
    steps: 200 * Math.floor(examples / 128),
    batchSize: 128,
    optimizer: { kind: "adamax" },
    schedule: { kind: "constant", learningRate: 0.003 },
    powerIterations: 5,
    logDet: { kind: "series", terms: 5, noise: "normal" },
    initialExamples: 1024,
  };
}

function cifarClassifier(data: "cifar-10" | "cifar-100", classes: number): Preset {
  return {
    name: `${data}-classifier-paper`,
    description: `The paper's i-ResNet classifier of ${data.toUpperCase()}: 18-18-18 blocks, 200 epochs`,
    data,
    model: {
      kind: "i-resnet-classifier",
      config: {
        shape: [3, 32, 32],
        classes,
        blocks: [18, 18, 18],
        widths: [32, 64, 128],
        squeezeFirst: false,
        channels: 16,
        centre: cifarCentre,
        activation: "elu",
        c: 0.9,
      },
    },
    training: {
      ...paperClassifierTraining(45_000),
      augmentation: { kind: "crop", pad: 4, flip: true },
    },
  };
}

const paper: readonly Preset[] = [
  {
    name: "mnist-classifier-paper",
    description: "The paper's i-ResNet classifier of MNIST: 7-7-7 blocks, 200 epochs",
    data: "mnist",
    model: {
      kind: "i-resnet-classifier",
      config: {
        shape: [1, 28, 28],
        classes: 10,
        blocks: [7, 7, 7],
        widths: [32, 64, 128],
        squeezeFirst: false,
        channels: 16,
        centre: mnistCentre,
        activation: "elu",
        c: 0.9,
      },
    },
    training: paperClassifierTraining(55_000),
  },
  cifarClassifier("cifar-10", 10),
  cifarClassifier("cifar-100", 100),
  {
    name: "mnist-density-paper",
    description:
      "The paper's i-ResNet density on MNIST at its own 28x28: 16-16 blocks of width 512, 200 epochs",
    data: "mnist",
    model: {
      kind: "i-resnet-density",
      config: {
        shape: [1, 28, 28],
        blocks: [16, 16],
        widths: [512],
        pixels: "centre",
        activation: "elu",
        c: 0.9,
      },
    },
    training: paperDensityTraining(55_000),
  },
  {
    name: "cifar-10-density-paper",
    description:
      "The paper's i-ResNet density of CIFAR-10: 16-16-16 blocks of width 512, 200 epochs",
    data: "cifar-10",
    model: {
      kind: "i-resnet-density",
      config: {
        shape: [3, 32, 32],
        blocks: [16, 16, 16],
        widths: [512],
        pixels: "centre",
        activation: "elu",
        c: 0.9,
      },
    },
    training: paperDensityTraining(45_000),
  },
  {
    name: "toy-paper",
    description: "The paper's toy density: 100 blocks of 2-64-64-64-2",
    data: "8gaussians",
    model: {
      kind: "i-resnet-density",
      config: { shape: [2], blocks: [100], widths: [64, 64, 64], activation: "elu", c: 0.9 },
    },
    training: { ...toy.training, steps: 50_000 },
  },
];

/** Small presets for two cores, then the paper's own, by name. */
export const presets: Readonly<Record<string, Preset>> = Object.fromEntries(
  [toy, mnistClassifier, mnistDensity, ...paper].map((preset) => [preset.name, preset]),
);

/** @throws {UsageError} if there is no preset of this name. */
export function findPreset(name: string): Preset {
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (preset) return preset;
  throw new UsageError(`preset: expected one of ${Object.keys(presets).join(", ")}, got "${name}"`);
}
