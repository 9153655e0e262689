import type { Preset } from "./preset.js";
import { adamCosine } from "./shared.js";

const mnist: Preset = {
  name: "mnist-hybrid",
  description:
    "i-ResNet of MNIST for two cores that classifies and is a density: 6-6 blocks of width 32",
  data: "mnist",
  model: {
    kind: "i-resnet-hybrid",
    config: {
      shape: [1, 28, 28],
      classes: 10,
      blocks: [6, 6],
      widths: [32],
      pixels: "logit",
      activation: "elu",
      c: 0.9,
      head: 256,
      weight: 1,
    },
  },
  training: {
    steps: 10000,
    batchSize: 32,
    ...adamCosine(0.004, { beta2: 0.99, weightDecay: 0.01 }),
    clip: 2,
    powerIterations: 1,
    logDet: { kind: "neumann", terms: 5 },
  },
};

/** One i-ResNet trained on p(class | x) and p(x) together. */
export const iResNetHybridPresets: readonly Preset[] = [mnist];
