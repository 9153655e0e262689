import type { TrainingOptions } from "../config.js";
import type { Preset } from "./preset.js";

const toy: Preset = {
  name: "made-toy",
  description: "MADE with mixtures of 10 Gaussians in two dimensions: 2.84 nats on 8gaussians",
  data: "8gaussians",
  model: { kind: "made", config: { shape: [2], hidden: [64, 64], components: 10 } },
  training: {
    steps: 3000,
    batchSize: 256,
    optimizer: { kind: "adam", beta2: 0.99 },
    schedule: { kind: "cosine", learningRate: 0.01, warmup: 100 },
    clip: 5,
    initialExamples: 2048,
  },
};

const mnist: Preset = {
  name: "mnist-made",
  description: "MADE with Gaussian conditionals on MNIST for two cores: two layers of 512 units",
  data: "mnist",
  model: { kind: "made", config: { shape: [1, 28, 28], hidden: [512, 512] } },
  training: {
    steps: 10_000,
    batchSize: 100,
    optimizer: { kind: "adam", weightDecay: 1e-6 },
    schedule: { kind: "cosine", learningRate: 0.001, warmup: 100 },
    clip: 100,
    initialExamples: 1024,
  },
};

/** Adam at 10⁻³ in batches of 100; 100 epochs stand for the paper's early stopping. */
function paperTraining(examples: number): TrainingOptions {
  return {
    steps: 100 * Math.floor(examples / 100),
    batchSize: 100,
    optimizer: { kind: "adam", weightDecay: 1e-6 },
    schedule: { kind: "constant", learningRate: 0.001 },
    initialExamples: 1024,
  };
}

const mnistPaper: Preset = {
  name: "mnist-made-paper",
  description: "The MADE of the MAF paper on MNIST: two layers of 1024 units, 100 epochs",
  data: "mnist",
  model: { kind: "made", config: { shape: [1, 28, 28], hidden: [1024, 1024] } },
  training: paperTraining(55_000),
};

const cifarPaper: Preset = {
  name: "cifar-10-made-paper",
  description: "The MADE of the MAF paper on CIFAR-10: two layers of 1024 units, 100 epochs",
  data: "cifar-10",
  model: { kind: "made", config: { shape: [3, 32, 32], hidden: [1024, 1024] } },
  training: { ...paperTraining(45_000), augmentation: { kind: "crop", pad: 0, flip: true } },
};

/** MADE: small, and as in the paper of MAF. */
export const madePresets: readonly Preset[] = [toy, mnist, mnistPaper, cifarPaper];
