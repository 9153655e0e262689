import type { JsonObject } from "../../json.js";
import type { TrainingOptions } from "../config.js";
import type { Preset } from "./preset.js";
import { adamCosine, flips, toyTraining } from "./shared.js";

/** Two exact terms, four on average, the Neumann gradient. */
const roulette = {
  kind: "roulette",
  exactTerms: 2,
  tail: { kind: "geometric", p: 0.5 },
} as const;

const toy: Preset = {
  name: "residual-flow-toy",
  description: "Residual Flow in two dimensions: 12 blocks of 2-64-64-2, 2.86 nats on 8gaussians",
  data: "8gaussians",
  model: {
    kind: "residual-flow",
    config: { shape: [2], blocks: [12], widths: [64, 64], activation: "lipswish", c: 0.98 },
  },
  training: {
    ...toyTraining(4000, 0.01),
    ema: 0.99,
    powerIterations: 2,
    logDet: roulette,
  },
};

const mnist: Preset = {
  name: "mnist-residual-flow",
  description: "Residual Flow of MNIST for two cores: 6-6 blocks of width 32 and 2 dense ones",
  data: "mnist",
  model: {
    kind: "residual-flow",
    config: {
      shape: [1, 28, 28],
      blocks: [6, 6],
      widths: [32],
      squeezeFirst: true,
      factorOut: true,
      dense: { blocks: 2, widths: [128, 128] },
      activation: "lipswish",
      c: 0.98,
    },
  },
  training: {
    steps: 20000,
    batchSize: 16,
    ...adamCosine(0.01),
    clip: 2,
    ema: 0.99,
    powerIterations: 1,
    logDet: roulette,
  },
};

/** Settings of the paper's published code: 1,000 epochs, of which the best counts. */
function paperTraining(examples: number): TrainingOptions {
  return {
    steps: 1000 * Math.floor(examples / 64),
    batchSize: 64,
    optimizer: { kind: "adam", beta1: 0.9, beta2: 0.99 },
    schedule: { kind: "constant", learningRate: 0.001, warmup: 1000 },
    clip: 1,
    ema: 0.999,
    powerIterations: 5,
    logDet: {
      kind: "roulette",
      exactTerms: 2,
      tail: { kind: "poisson", rate: 2 },
      noise: "normal",
    },
  };
}

const paperBody: JsonObject = {
  blocks: [16, 16, 16],
  widths: [512],
  dense: { blocks: 4, widths: [128, 128] },
  activation: "lipswish",
  c: 0.98,
};

const mnistPaper: Preset = {
  name: "mnist-residual-flow-paper",
  description: "The paper's Residual Flow of MNIST: 16-16-16 blocks of width 512, 4 dense ones",
  data: "mnist",
  model: { kind: "residual-flow", config: { ...paperBody, shape: [1, 28, 28] } },
  training: paperTraining(55_000),
};

const cifarPaper: Preset = {
  name: "cifar-10-residual-flow-paper",
  description: "The paper's Residual Flow of CIFAR-10: 16-16-16 blocks of width 512, 4 dense ones",
  data: "cifar-10",
  model: { kind: "residual-flow", config: { ...paperBody, shape: [3, 32, 32], alpha: 0.05 } },
  training: {
    ...paperTraining(45_000),
    augmentation: flips,
  },
};

/** The Residual Flow as a density of the plane and of images: small, and as in the paper. */
export const residualFlowPresets: readonly Preset[] = [toy, mnist, mnistPaper, cifarPaper];
