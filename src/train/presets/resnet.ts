import type { TrainingOptions } from "../config.js";
import type { Preset } from "./preset.js";
import { adamCosine, affine, cifarCentre, mnistCentre } from "./shared.js";

const mnist: Preset = {
  name: "mnist-resnet",
  description: "Pre-activation ResNet of MNIST for two cores: 2-2-2 bottlenecks, no inverse",
  data: "mnist",
  model: {
    kind: "resnet",
    config: {
      shape: [1, 28, 28],
      classes: 10,
      channels: 16,
      blocks: [2, 2, 2],
      widths: [64, 128, 256],
      centre: mnistCentre,
    },
  },
  training: {
    steps: 8000,
    batchSize: 64,
    ...adamCosine(0.004, { beta2: 0.99, weightDecay: 0.01 }),
    augmentation: affine,
  },
};

/** Rates and lengths of He et al.: 64,000 steps, the rate rising for 400 and falling twice. */
const paperTraining = {
  steps: 64_000,
  batchSize: 128,
  optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 1e-4 },
  schedule: {
    kind: "step",
    learningRate: 0.1,
    warmup: 400,
    milestones: [32_000, 48_000],
    factor: 0.1,
  },
  augmentation: { kind: "crop", pad: 4, flip: true },
} satisfies TrainingOptions;

type Cifar = "cifar-10" | "cifar-100";

/** Of so many bottlenecks in each stage. */
function cifarModel(data: Cifar, blocks: number): Preset["model"] {
  return {
    kind: "resnet",
    config: {
      shape: [3, 32, 32],
      classes: data === "cifar-10" ? 10 : 100,
      channels: 16,
      blocks: [blocks, blocks, blocks],
      widths: [64, 128, 256],
      centre: cifarCentre,
    },
  };
}

function cifarSmall(data: Cifar): Preset {
  return {
    name: `${data}-resnet`,
    description: `Pre-activation ResNet of ${data.toUpperCase()} for two cores: 2-2-2 bottlenecks, no inverse`,
    data,
    model: cifarModel(data, 2),
    training: { ...mnist.training, steps: 14_000, augmentation: paperTraining.augmentation },
  };
}

function cifarPaper(data: Cifar): Preset {
  return {
    name: `${data}-resnet-paper`,
    description: `ResNet-164 of ${data.toUpperCase()}: 18-18-18 bottlenecks, 64,000 steps, no inverse`,
    data,
    model: cifarModel(data, 18),
    training: paperTraining,
  };
}

/** The pre-activation ResNet, a classifier without an inverse: small, and as in its paper. */
export const resNetPresets: readonly Preset[] = [
  mnist,
  cifarSmall("cifar-10"),
  cifarSmall("cifar-100"),
  cifarPaper("cifar-10"),
  cifarPaper("cifar-100"),
];
