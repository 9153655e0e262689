import type { Preset } from "./preset.js";
import { adamCosine, flips, toyTraining } from "./shared.js";

const toy: Preset = {
  name: "real-nvp-toy",
  description:
    "Real NVP in two dimensions: 8 couplings with batch normalisation, 2.92 nats on 8gaussians",
  data: "8gaussians",
  model: { kind: "real-nvp", config: { shape: [2], couplings: [8], widths: [64, 64] } },
  training: toyTraining(12_000, 0.003),
};

const mnist: Preset = {
  name: "mnist-real-nvp",
  description: "Real NVP on MNIST for two cores: 2 scales, networks of one residual block",
  data: "mnist",
  model: {
    kind: "real-nvp",
    config: { shape: [1, 28, 28], couplings: [3, 4], widths: [24], blocks: 1, pixels: "logit" },
  },
  training: {
    steps: 20000,
    batchSize: 32,
    ...adamCosine(0.003),
    clip: 500,
  },
};

const cifarPaper: Preset = {
  name: "cifar-10-real-nvp-paper",
  description:
    "The paper's Real NVP on CIFAR-10: one squeeze, networks of 8 residual blocks of width 64; decoupled weight decay for its L2, its logit's α here 1e-6, its number of steps not stated",
  data: "cifar-10",
  model: {
    kind: "real-nvp",
    config: { shape: [3, 32, 32], couplings: [3, 4], widths: [64], blocks: 8, pixels: "logit" },
  },
  training: {
    steps: 200_000,
    batchSize: 64,
    optimizer: { kind: "adam", weightDecay: 5e-5 },
    schedule: { kind: "constant", learningRate: 0.001 },
    augmentation: flips,
  },
};

/** Real NVP of the plane and of images: small, and as in the paper. */
export const realNvpPresets: readonly Preset[] = [toy, mnist, cifarPaper];
