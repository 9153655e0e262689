import type { TrainingOptions } from "../config.js";
import type { Preset } from "./preset.js";
import { adamCosine } from "./shared.js";

const toy: Preset = {
  name: "ffjord-toy",
  description: "FFJORD in two dimensions: one flow of 2-64-64-2, 2.84 nats on 8gaussians",
  data: "8gaussians",
  model: {
    kind: "ffjord",
    config: { shape: [2], widths: [64, 64], activation: "tanh", tolerance: 1e-3 },
  },
  training: {
    steps: 2000,
    batchSize: 256,
    ...adamCosine(0.01),
    clip: 5,
    logDet: { kind: "exact" },
  },
};

const mnist: Preset = {
  name: "mnist-ffjord",
  description:
    "FFJORD on MNIST for two cores: an ActNorm and a flow of widths 16-16 at 14x14 and at 7x7",
  data: "mnist",
  model: {
    kind: "ffjord",
    config: {
      shape: [1, 28, 28],
      flows: [
        [0, 1],
        [0, 1],
      ],
      widths: [16, 16],
      actNorm: true,
      tolerance: 1e-3,
    },
  },
  training: {
    steps: 10_000,
    batchSize: 16,
    ...adamCosine(0.005),
    clip: 100,
    logDet: { kind: "series", terms: 1 },
  },
};

/** The published code's rate, without decay; the paper states no number of epochs. */
function paperTraining(examples: number): TrainingOptions {
  const batchSize = 200;
  return {
    steps: 1000 * Math.floor(examples / batchSize),
    batchSize,
    optimizer: { kind: "adam" },
    schedule: { kind: "constant", learningRate: 0.001, warmup: 1000 },
    logDet: { kind: "series", terms: 1 },
  };
}

const paperNetwork = { widths: [64, 64, 64], activation: "softplus", tolerance: 1e-5 };

const mnistPaper: Preset = {
  name: "mnist-ffjord-paper",
  description:
    "The paper's FFJORD on MNIST: 10 flows of widths 64-64-64 at three scales; layers gated by the time where its own concatenate it",
  data: "mnist",
  model: {
    kind: "ffjord",
    config: { shape: [1, 28, 28], flows: [[2, 2], [2, 2], [2]], ...paperNetwork },
  },
  training: paperTraining(55_000),
};

const cifarPaper: Preset = {
  name: "cifar-10-ffjord-paper",
  description:
    "The paper's FFJORD on CIFAR-10: 14 flows of widths 64-64-64 at four scales; layers gated by the time where its own concatenate it",
  data: "cifar-10",
  model: {
    kind: "ffjord",
    config: { shape: [3, 32, 32], flows: [[2, 2], [2, 2], [2, 2], [2]], ...paperNetwork },
  },
  training: paperTraining(45_000),
};

/** FFJORD of the plane and of images: small, and as in the paper. */
export const ffjordPresets: readonly Preset[] = [toy, mnist, mnistPaper, cifarPaper];
