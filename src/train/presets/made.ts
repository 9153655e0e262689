import { mafTraining } from "./maf.js";
import type { Preset } from "./preset.js";
import { adamCosine, flips, toyTraining } from "./shared.js";

const toy: Preset = {
  name: "made-toy",
  description: "MADE with mixtures of 10 Gaussians in two dimensions: 2.84 nats on 8gaussians",
  data: "8gaussians",
  model: { kind: "made", config: { shape: [2], hidden: [64, 64], components: 10 } },
  training: toyTraining(3000, 0.01),
};

const mnist: Preset = {
  name: "mnist-made",
  description: "MADE with Gaussian conditionals on MNIST for two cores: two layers of 512 units",
  data: "mnist",
  model: { kind: "made", config: { shape: [1, 28, 28], hidden: [512, 512] } },
  training: {
    steps: 10_000,
    batchSize: 100,
    ...adamCosine(0.001, { weightDecay: 1e-6 }),
    clip: 100,
    initialExamples: 1024,
  },
};

const mnistPaper: Preset = {
  name: "mnist-made-paper",
  description: "The MADE of the MAF paper on MNIST: two layers of 1024 units, 100 epochs",
  data: "mnist",
  model: { kind: "made", config: { shape: [1, 28, 28], hidden: [1024, 1024] } },
  training: mafTraining(55_000, 0.001),
};

const cifarPaper: Preset = {
  name: "cifar-10-made-paper",
  description: "The MADE of the MAF paper on CIFAR-10: two layers of 1024 units, 100 epochs",
  data: "cifar-10",
  model: { kind: "made", config: { shape: [3, 32, 32], hidden: [1024, 1024] } },
  training: { ...mafTraining(45_000, 0.001), augmentation: flips },
};

/** MADE: small, and as in the paper of MAF. */
export const madePresets: readonly Preset[] = [toy, mnist, mnistPaper, cifarPaper];
