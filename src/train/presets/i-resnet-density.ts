import type { TrainingOptions } from "../config.js";
import type { Preset } from "./preset.js";
import { adamCosine, flips, toyTraining } from "./shared.js";

const toy: Preset = {
  name: "toy",
  description:
    "i-ResNet density in two dimensions: 12 blocks of 2-64-64-2, 2.86 nats on 8gaussians",
  data: "8gaussians",
  model: {
    kind: "i-resnet-density",
    config: { shape: [2], blocks: [12], widths: [64, 64], activation: "lipswish", c: 0.97 },
  },
  training: {
    ...toyTraining(4000, 0.01),
    // One lags behind the weights at this rate, and a norm above its bound may have no log-determinant.
    powerIterations: 2,
    logDet: { kind: "exact" },
  },
};

const mnistDensity: Preset = {
  name: "mnist-density",
  description: "i-ResNet density of MNIST for two cores: 12-12 blocks of width 32, 1.18 bits/dim",
  data: "mnist",
  model: {
    kind: "i-resnet-density",
    config: {
      shape: [1, 28, 28],
      blocks: [12, 12],
      widths: [32],
      pixels: "logit",
      activation: "elu",
      c: 0.95,
    },
  },
  training: {
    steps: 13000,
    batchSize: 16,
    ...adamCosine(0.01),
    clip: 2,
    ema: 0.998,
    powerIterations: 1,
    logDet: { kind: "neumann", terms: 6 },
  },
};

const cifarDensity: Preset = {
  name: "cifar-10-density",
  description: "i-ResNet density of CIFAR-10 for two cores: 8-8-8 blocks of width 64",
  data: "cifar-10",
  model: {
    kind: "i-resnet-density",
    config: {
      shape: [3, 32, 32],
      blocks: [8, 8, 8],
      widths: [64],
      pixels: "centre",
      activation: "elu",
      c: 0.95,
    },
  },
  training: {
    ...mnistDensity.training,
    steps: 20_000,
    batchSize: 32,
    augmentation: flips,
  },
};

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

const mnistPaper: Preset = {
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
};

const cifarPaper: Preset = {
  name: "cifar-10-density-paper",
  description: "The paper's i-ResNet density of CIFAR-10: 16-16-16 blocks of width 512, 200 epochs",
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
};

const toyPaper: Preset = {
  name: "toy-paper",
  description: "The paper's toy density: 100 blocks of 2-64-64-64-2",
  data: "8gaussians",
  model: {
    kind: "i-resnet-density",
    config: { shape: [2], blocks: [100], widths: [64, 64, 64], activation: "elu", c: 0.9 },
  },
  training: { ...toy.training, steps: 50_000 },
};

/** The i-ResNet as a density of the plane and of images: small, and as in the paper. */
export const iResNetDensityPresets: readonly Preset[] = [
  toy,
  mnistDensity,
  cifarDensity,
  toyPaper,
  mnistPaper,
  cifarPaper,
];
