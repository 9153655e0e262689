import type { Preset } from "./preset.js";
import { toyTraining } from "./shared.js";

const toy: Preset = {
  name: "glow-toy",
  description: "Glow in two dimensions: 8 steps of flow, 2.94 nats on 8gaussians",
  data: "8gaussians",
  model: { kind: "glow", config: { shape: [2], steps: [8], widths: [64, 64] } },
  training: toyTraining(12_000, 0.001),
};

const mnist: Preset = {
  name: "mnist-glow",
  description: "Glow on MNIST for two cores: 2 scales of 8 steps, networks of width 64",
  data: "mnist",
  model: {
    kind: "glow",
    config: { shape: [1, 28, 28], steps: [8, 8], widths: [64], pixels: "logit" },
  },
  training: {
    steps: 20000,
    batchSize: 32,
    optimizer: { kind: "adam", beta2: 0.99 },
    schedule: { kind: "cosine", learningRate: 0.002, warmup: 200 },
    clip: 500,
  },
};

const epoch = Math.floor(45_000 / 512);

const cifarPaper: Preset = {
  name: "cifar-10-glow-paper",
  description:
    "The paper's Glow on CIFAR-10: 3 scales of 32 steps, networks of width 512; its number of epochs isn't stated, 1800 here",
  data: "cifar-10",
  model: {
    kind: "glow",
    config: { shape: [3, 32, 32], steps: [32, 32, 32], widths: [512], pixels: "centre" },
  },
  training: {
    steps: 1800 * epoch,
    batchSize: 512,
    optimizer: { kind: "adam" },
    schedule: { kind: "constant", learningRate: 0.001, warmup: 10 * epoch },
  },
};

/** Glow of the plane and of images: small, and as in the paper. */
export const glowPresets: readonly Preset[] = [toy, mnist, cifarPaper];
