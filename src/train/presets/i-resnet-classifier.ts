import type { JsonObject } from "../../json.js";
import type { TrainingOptions } from "../config.js";
import type { Preset } from "./preset.js";
import { adamCosine, affine, cifarCentre, mnistCentre } from "./shared.js";

interface ClassifierPreset extends Preset {
  readonly model: { readonly kind: "i-resnet-classifier"; readonly config: JsonObject };
}

const mnistClassifier: ClassifierPreset = {
  name: "mnist-classifier",
  description:
    "i-ResNet classifier of MNIST for two cores: 4-4 blocks, 355 k parameters, 0.38 % error",
  data: "mnist",
  model: {
    kind: "i-resnet-classifier",
    config: {
      shape: [1, 28, 28],
      classes: 10,
      blocks: [4, 4],
      widths: [32, 64],
      squeezeFirst: true,
      channels: 16,
      centre: mnistCentre,
      activation: "elu",
      c: 0.9,
    },
  },
  training: {
    steps: 8000,
    batchSize: 64,
    ...adamCosine(0.004, { beta2: 0.99, weightDecay: 0.01 }),
    powerIterations: 1,
    augmentation: affine,
  },
};

/** What CIFAR's networks have in common. */
function cifarConfig(classes: number): JsonObject {
  return { shape: [3, 32, 32], classes, centre: cifarCentre, activation: "elu", c: 0.9 };
}

/** What training on CIFAR's images changes of them. */
const cropAndFlip = { kind: "crop", pad: 4, flip: true } as const;

/**
 * Wide stages on few pixels, since convolutions of many channels take the least time a FLOP, and
 * a recipe that learns much in few epochs: what was tried stands in docs/results.md.
 */
function cifarSmall(data: "cifar-10" | "cifar-100", classes: number): ClassifierPreset {
  return {
    name: `${data}-classifier`,
    description: `i-ResNet classifier of ${data.toUpperCase()} for two cores: 6-6 blocks, 30 epochs`,
    data,
    model: {
      kind: "i-resnet-classifier",
      config: {
        ...cifarConfig(classes),
        blocks: [6, 6],
        widths: [64, 128],
        squeezeFirst: true,
        channels: 64,
        whiten: true,
        headWidth: 512,
      },
    },
    training: {
      steps: 10_500,
      batchSize: 128,
      optimizer: { kind: "muon", momentum: 0.8, iterations: 3, weightDecay: 0.02 },
      schedule: { kind: "linear", learningRate: 0.1, warmup: 100 },
      labelSmoothing: 0.2,
      powerIterations: 1,
      augmentation: {
        kind: "several",
        of: [
          { kind: "flip", alternate: true },
          { kind: "translate", by: 4 },
          { kind: "cutout", size: 8, value: cifarCentre.mean },
        ],
      },
    },
  };
}

/** Rates and lengths of the paper's classifiers: 200 epochs of batches of 128. */
function paperClassifierTraining(examples: number): TrainingOptions {
  const epoch = Math.floor(examples / 128);
  return {
    steps: 200 * epoch,
    batchSize: 128,
    optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 5e-4 },
    schedule: {
      kind: "step",
      learningRate: 0.1,
      warmup: 10 * epoch,
      milestones: [60 * epoch, 120 * epoch, 160 * epoch],
      factor: 0.2,
    },
    powerIterations: 1,
    initialExamples: 1024,
  };
}

function cifarClassifier(data: "cifar-10" | "cifar-100", classes: number): ClassifierPreset {
  return {
    name: `${data}-classifier-paper`,
    description: `The paper's i-ResNet classifier of ${data.toUpperCase()}: 18-18-18 blocks, 200 epochs`,
    data,
    model: {
      kind: "i-resnet-classifier",
      config: {
        ...cifarConfig(classes),
        blocks: [18, 18, 18],
        widths: [32, 64, 128],
        squeezeFirst: false,
        channels: 16,
      },
    },
    training: {
      ...paperClassifierTraining(45_000),
      augmentation: cropAndFlip,
    },
  };
}

const mnistPaper: ClassifierPreset = {
  name: "mnist-classifier-paper",
  description: "The paper's i-ResNet classifier of MNIST: 7-7-7 blocks, 200 epochs",
  data: "mnist",
  model: {
    kind: "i-resnet-classifier",
    config: {
      shape: [1, 28, 28],
      classes: 10,
      blocks: [7, 7, 7],
      widths: [32, 64, 128],
      squeezeFirst: false,
      channels: 16,
      centre: mnistCentre,
      activation: "elu",
      c: 0.9,
    },
  },
  training: paperClassifierTraining(55_000),
};

/** The same network and training without a bound on the layers: perhaps not invertible. */
function vanilla({ name, model, ...preset }: ClassifierPreset, description: string): Preset {
  return {
    ...preset,
    name: name.replace("classifier", "vanilla"),
    description,
    model: { ...model, config: { ...model.config, c: null } },
  };
}

const small = [mnistClassifier, cifarSmall("cifar-10", 10), cifarSmall("cifar-100", 100)];

/** The i-ResNet as a classifier of images, with a bound and without: small, and as in the paper. */
export const iResNetClassifierPresets: readonly Preset[] = [
  ...small.flatMap((preset) => [
    preset,
    vanilla(preset, `The network of ${preset.name} without a bound, for two cores`),
  ]),
  mnistPaper,
  cifarClassifier("cifar-10", 10),
  cifarClassifier("cifar-100", 100),
  vanilla(mnistPaper, "The paper's vanilla network of MNIST: 7-7-7 blocks, no bound, 200 epochs"),
  vanilla(
    cifarClassifier("cifar-10", 10),
    "The paper's vanilla network of CIFAR-10: 18-18-18 blocks, no bound, 200 epochs",
  ),
  vanilla(
    cifarClassifier("cifar-100", 100),
    "The paper's vanilla network of CIFAR-100: 18-18-18 blocks, no bound, 200 epochs",
  ),
];
