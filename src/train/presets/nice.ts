import type { Preset } from "./preset.js";
import { adamCosine, toyTraining } from "./shared.js";

const toy: Preset = {
  name: "nice-toy",
  description: "NICE in two dimensions: 16 additive couplings, 2.93 nats on 8gaussians",
  data: "8gaussians",
  model: {
    kind: "nice",
    config: { shape: [2], couplings: 16, hidden: [64, 64], base: "gaussian" },
  },
  training: toyTraining(8000, 0.003),
};

const mnist: Preset = {
  name: "mnist-nice",
  description: "NICE on MNIST for two cores: 4 couplings of 3 hidden layers of 400",
  data: "mnist",
  model: {
    kind: "nice",
    config: { shape: [1, 28, 28], couplings: 4, hidden: [400, 400, 400], pixels: "centre" },
  },
  training: {
    steps: 30000,
    batchSize: 64,
    ...adamCosine(0.001),
    clip: 1000,
  },
};

const mnistPaper: Preset = {
  name: "mnist-nice-paper",
  description:
    "The paper's NICE on MNIST: 4 couplings of 5 hidden layers of 1000, 1500 epochs; its batch size isn't stated, 200 here",
  data: "mnist",
  model: {
    kind: "nice",
    config: {
      shape: [1, 28, 28],
      couplings: 4,
      hidden: [1000, 1000, 1000, 1000, 1000],
      pixels: "centre",
    },
  },
  training: {
    steps: 1500 * 275,
    batchSize: 200,
    optimizer: { kind: "adam", beta1: 0.9, beta2: 0.01, epsilon: 1e-4 },
    schedule: { kind: "constant", learningRate: 0.001 },
  },
};

/** NICE of the plane and of images: small, and as in the paper. */
export const nicePresets: readonly Preset[] = [toy, mnist, mnistPaper];
