import type { TrainingOptions } from "../config.js";
import type { Preset } from "./preset.js";
import { adamCosine, flips, toyTraining } from "./shared.js";

const toy: Preset = {
  name: "maf-toy",
  description: "MAF of 8 layers in two dimensions: 2.92 nats on 8gaussians",
  data: "8gaussians",
  model: { kind: "maf", config: { shape: [2], layers: 8, hidden: [64, 64] } },
  training: toyTraining(6000, 0.005),
};

const mnist: Preset = {
  name: "mnist-maf",
  description: "MAF of 5 layers on MNIST for two cores: networks of one layer of 512 units",
  data: "mnist",
  model: { kind: "maf", config: { shape: [1, 28, 28], layers: 5, hidden: [512] } },
  training: {
    steps: 10_000,
    batchSize: 100,
    ...adamCosine(0.001, { weightDecay: 1e-6 }),
    clip: 300,
    initialExamples: 1024,
  },
};

/** The paper's batches of 100 and weight decay; 100 epochs stand for its early stopping. */
export function mafTraining(examples: number, learningRate: number): TrainingOptions {
  return {
    steps: 100 * Math.floor(examples / 100),
    batchSize: 100,
    optimizer: { kind: "adam", weightDecay: 1e-6 },
    schedule: { kind: "constant", learningRate },
    initialExamples: 1024,
  };
}

const mnistPaper: Preset = {
  name: "mnist-maf-paper",
  description: "The paper's MAF(5) on MNIST: networks of two layers of 1024 units, 100 epochs",
  data: "mnist",
  model: { kind: "maf", config: { shape: [1, 28, 28], layers: 5, hidden: [1024, 1024] } },
  training: mafTraining(55_000, 1e-4),
};

const cifarPaper: Preset = {
  name: "cifar-10-maf-paper",
  description: "The paper's MAF(10) on CIFAR-10: networks of two layers of 1024 units, 100 epochs",
  data: "cifar-10",
  model: { kind: "maf", config: { shape: [3, 32, 32], layers: 10, hidden: [1024, 1024] } },
  training: { ...mafTraining(45_000, 1e-4), augmentation: flips },
};

/** MAF: small, and as in its paper. */
export const mafPresets: readonly Preset[] = [toy, mnist, mnistPaper, cifarPaper];
