import type { JsonValue } from "../../src/json.js";

/** A model as the contract sees it. */
export interface SmallModel {
  /**
   * Configurations by what is special about them, small enough for an exact Jacobian. A density of
   * shape `[2]` without a condition is also trained for a moment, and must integrate to 1.
   */
  readonly configs: Readonly<Record<string, JsonValue>>;
  /**
   * What a density's latent follows: a Gaussian, its mean and scale in `base.*` if it has them; a
   * logistic; or a network with a test of its own.
   */
  readonly base?: "gaussian" | "logistic" | "network";
  /**
   * Largest relative error of round trips and log-determinants in float64: 10⁻¹⁰ unless given.
   * Larger only where a solver stops at a tolerance.
   */
  readonly tolerance?: number;
}

/** Small configurations of every model. One contract holds for all. */
export const smallModels: Readonly<Record<string, SmallModel>> = {
  "i-resnet-classifier": {
    configs: {
      image: {
        shape: [1, 4, 4],
        classes: 3,
        blocks: [1, 1],
        widths: [3, 4],
        squeezeFirst: true,
        channels: 6,
        centre: { mean: 0.1, deviation: 0.7 },
        pixels: "real",
      },
      vector: {
        shape: [4],
        classes: 3,
        blocks: [2],
        widths: [6],
        squeezeFirst: false,
        channels: 5,
        centre: { mean: -1, deviation: 2 },
        activation: "lipswish",
      },
      "image, larger head": {
        shape: [1, 4, 4],
        classes: 3,
        blocks: [1],
        widths: [3],
        squeezeFirst: true,
        channels: 4,
        headWidth: 6,
        centre: { mean: 0.1, deviation: 0.7 },
      },
      "image, white, mixed": {
        shape: [1, 4, 4],
        classes: 3,
        blocks: [1],
        widths: [3],
        squeezeFirst: false,
        channels: 4,
        centre: { mean: 0.1, deviation: 0.7 },
        activation: "clipswish",
        whiten: true,
        mix: true,
      },
    },
  },
  "i-resnet-density": {
    configs: {
      image: { shape: [1, 4, 4], blocks: [1, 1], widths: [3] },
      "image, centred": { shape: [2, 4, 2], blocks: [2], widths: [3], pixels: "centre" },
      plane: { shape: [2], blocks: [4], widths: [16, 16] },
      vector: { shape: [4], blocks: [2], widths: [6] },
      conditional: { shape: [2], blocks: [2], widths: [8], condition: 3 },
      "plane, monotone, sines": {
        shape: [2],
        blocks: [2],
        widths: [8, 8],
        activation: "sine",
        block: "monotone",
        mix: true,
      },
      "image, concatenated": {
        shape: [1, 4, 4],
        blocks: [1, 1],
        widths: [3],
        activation: "clipswish",
        concatenate: { depth: 2, growth: 3 },
      },
    },
  },
  "i-resnet-hybrid": {
    configs: {
      image: { shape: [1, 4, 4], classes: 3, blocks: [1, 1], widths: [3], head: 5, weight: 2 },
      vector: { shape: [4], classes: 3, blocks: [2], widths: [6], head: 5 },
    },
  },
  "residual-flow": {
    configs: {
      image: {
        shape: [1, 4, 4],
        blocks: [1, 1],
        widths: [3],
        dense: { blocks: 1, widths: [6, 6] },
        alpha: 0.05,
      },
      "image, factored out": {
        shape: [2, 4, 4],
        blocks: [1, 1],
        widths: [3],
        squeezeFirst: true,
        factorOut: true,
        dense: { blocks: 1, widths: [6] },
      },
      plane: { shape: [2], blocks: [4], widths: [16, 16] },
      conditional: { shape: [2], blocks: [2], widths: [8], condition: 3 },
    },
  },
  nice: {
    configs: {
      image: { shape: [1, 3, 3], couplings: 2, hidden: [6] },
      plane: { shape: [2], couplings: 4, hidden: [16, 16] },
      "vector, conditional": { shape: [5], couplings: 2, hidden: [6], condition: 3 },
    },
    base: "logistic",
  },
  "real-nvp": {
    configs: {
      image: { shape: [1, 4, 4], couplings: [2, 2], widths: [3], blocks: 1 },
      "image, conditional": {
        shape: [1, 4, 4],
        couplings: [2, 1],
        widths: [3],
        blocks: 1,
        pixels: "centre",
        condition: 3,
      },
      plane: { shape: [2], couplings: [4], widths: [16, 16] },
      "vector, conditional": { shape: [5], couplings: [2, 2], widths: [6], condition: 3 },
    },
  },
  glow: {
    configs: {
      image: { shape: [1, 4, 4], steps: [2, 1], widths: [4] },
      "image, conditional": {
        shape: [2, 2, 2],
        steps: [2],
        widths: [4],
        pixels: "centre",
        condition: 3,
      },
      plane: { shape: [2], steps: [4], widths: [16, 16] },
      "vector, conditional": { shape: [5], steps: [2], widths: [6], condition: 3 },
    },
  },
  made: {
    configs: {
      image: { shape: [2, 2, 2], hidden: [9, 7] },
      "image, mixtures": { shape: [1, 2, 3], hidden: [8], components: 3, pixels: "centre" },
      plane: { shape: [2], hidden: [32, 32], components: 4 },
      "plane, Gaussian": { shape: [2], hidden: [16] },
      "vector, conditional": { shape: [4], hidden: [12], components: 2, condition: 3 },
    },
    base: "network",
  },
  maf: {
    configs: {
      image: { shape: [2, 2, 2], layers: 2, hidden: [12] },
      "image, centred": { shape: [1, 2, 3], layers: 2, hidden: [8, 8], pixels: "centre" },
      plane: { shape: [2], layers: 3, hidden: [16] },
      "vector, conditional": { shape: [4], layers: 2, hidden: [12], condition: 3 },
    },
  },
  ffjord: {
    configs: {
      image: { shape: [1, 4, 2], flows: [[1, 1], [1]], widths: [3], actNorm: true },
      "image, conditional": {
        shape: [2, 2, 2],
        flows: [[0, 1]],
        widths: [3],
        pixels: "centre",
        condition: 3,
        tolerance: 1e-6,
      },
      plane: { shape: [2], widths: [16], activation: "tanh" },
      "vector, conditional": {
        shape: [3],
        flows: [[2]],
        widths: [6],
        condition: 3,
        tolerance: 1e-6,
      },
    },
    tolerance: 2e-4,
  },
  resnet: {
    configs: {
      image: {
        shape: [1, 4, 4],
        classes: 3,
        channels: 4,
        blocks: [2, 1],
        widths: [16, 16],
        centre: { mean: 0.1, deviation: 0.7 },
        pixels: "real",
      },
    },
  },
};
