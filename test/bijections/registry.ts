import {
  ActNorm,
  BatchNormBijection,
  Chain,
  checkerboardMask,
  ContinuousFlow,
  Coupling,
  DiagonalScale,
  evensFirst,
  flatten,
  halvesMask,
  Inverted,
  InvertibleConv,
  Logit,
  MaskedAutoregressive,
  MonotoneBlock,
  MultiScale,
  Rescale,
  ResidualBlock,
  squeeze,
  Whitening,
  ZeroPad,
  type Bijection,
  type CouplingTransform,
  type Mask,
} from "../../src/bijections/index.js";
import { axisSize, broadcast, literal, type Tensor } from "../../src/graph/index.js";
import { iResNetClassifier } from "../../src/models/index.js";
import { iResNetDensity } from "../../src/models/index.js";
import {
  activationNames,
  concatenatedBranch,
  convBranch,
  convNetwork,
  denseBranch,
  denseNetwork,
  odeNet,
  residualNetwork,
  Scope,
  type BranchOptions,
  type Context,
} from "../../src/nn/index.js";
import { randomRotation } from "../../src/bijections/random-rotation.js";
import { Random } from "../../src/random.js";
import { normals, type Feeds } from "../support/values.js";

/** A bijection and where its variables are declared. */
export interface Built {
  readonly bijection: Bijection;
  readonly scope: Scope;
}

export interface Entry {
  readonly build: () => Built;
  /** Largest relative error, where a solver stops at a tolerance; float64's unless given. */
  readonly error?: number;
  /** Numbers of variables in place of settled ones. */
  readonly feeds?: Feeds;
  /** Where the data live: the real line unless given. */
  readonly domain?: readonly [low: number, high: number];
}

type Image = readonly [number, number, number];

const inScope = (make: (scope: Scope) => Bijection) => (): Built => {
  const scope = new Scope();
  return { bijection: make(scope), scope };
};

type BlockOptions = { readonly [K in keyof BranchOptions]?: BranchOptions[K] | undefined };

function branchOptions(options: BlockOptions): BranchOptions {
  const { activation = "elu", activateInput = true, condition = 0 } = options;
  return { activation, c: "c" in options ? options.c : 0.9, activateInput, condition };
}

export function denseBlock(
  scope: Scope,
  features: number,
  hidden: readonly number[],
  options: BlockOptions = {},
): ResidualBlock {
  const branch = denseBranch(scope, features, hidden, branchOptions(options));
  return new ResidualBlock(scope.path, [features], branch);
}

export function convBlock(
  scope: Scope,
  shape: Image,
  hidden: number,
  options: BlockOptions = {},
): ResidualBlock {
  const branch = convBranch(scope, shape, hidden, branchOptions(options));
  return new ResidualBlock(scope.path, shape, branch);
}

function concatenatedBlock(
  scope: Scope,
  shape: readonly number[],
  options: BlockOptions,
): Bijection {
  const sizes = { depth: 3, growth: 3 };
  const branch = concatenatedBranch(scope, shape, sizes, branchOptions(options));
  return new ResidualBlock(scope.path, shape, branch);
}

function monotoneBlock(block: ResidualBlock): MonotoneBlock {
  return new MonotoneBlock(block.path, block.inShape, block.branch);
}

/** What data of n channels might have set: axes rounded to float32, as a checkpoint keeps them. */
function whitened(n: number): Feeds {
  const axes = Float32Array.from(randomRotation(n, Random.fromSeed(3)));
  return {
    axes: { shape: [n, n], data: axes },
    centre: normals("centre", [n]),
    logScale: normals("scale", [n]),
  };
}

/** The bijection at a fixed condition, the same for every event. */
function conditioned(bijection: Bijection, condition: readonly number[]): Bijection {
  const at = (x: Tensor, ctx: Context): Context => {
    ctx.condition = broadcast(literal(condition, [1, condition.length]), [
      axisSize(x, 0),
      condition.length,
    ]);
    return ctx;
  };
  return {
    inShape: bijection.inShape,
    outShape: bijection.outShape,
    forward: (x, ctx) => bijection.forward(x, at(x, ctx)),
    inverse: (y, ctx) => bijection.inverse(y, at(y, ctx)),
  };
}

function maskedAutoregressive(options: {
  hidden: readonly number[];
  condition?: readonly number[];
  reversed?: boolean;
}): Entry["build"] {
  const { hidden, condition = [], reversed = false } = options;
  return inScope((scope) => {
    const built = new MaskedAutoregressive(scope.child("made"), 4, {
      hidden,
      condition: condition.length,
      reversed,
    });
    return condition.length > 0 ? conditioned(built, condition) : built;
  });
}

const blocks = Object.fromEntries(
  activationNames().flatMap((activation): [string, Entry][] => [
    [
      `ResidualBlock, dense, ${activation}`,
      { build: inScope((scope) => denseBlock(scope.child("block"), 4, [6, 6], { activation })) },
    ],
    [
      `ResidualBlock, convolution, ${activation}`,
      { build: inScope((scope) => convBlock(scope.child("block"), [2, 3, 2], 4, { activation })) },
    ],
  ]),
);

const halves = [halvesMask([5], "first"), halvesMask([5], "last")] as const;
const channelHalves = halvesMask([3, 2, 2], "last");
const chessboards = [
  checkerboardMask([2, 3, 2], "even"),
  checkerboardMask([2, 3, 2], "odd"),
] as const;

function coupling(
  mask: Mask,
  transform: CouplingTransform,
  network: "dense" | "conv" | "residual",
  condition: readonly number[] = [],
): Entry {
  const options = { condition: condition.length };
  const networks = {
    dense: denseNetwork({ ...options, hidden: [6, 6], startsAtZero: false }),
    conv: convNetwork({ ...options, hidden: 5 }),
    residual: residualNetwork({ ...options, hidden: 4, blocks: 2 }),
  };
  return {
    build: inScope((scope) => {
      const built = new Coupling(scope.child("coupling"), {
        mask,
        transform,
        network: networks[network],
      });
      return condition.length > 0 ? conditioned(built, condition) : built;
    }),
  };
}

const couplings: Readonly<Record<string, Entry>> = {
  "Coupling, additive, first half kept": coupling(halves[0], "additive", "dense"),
  "Coupling, tanh, last half kept": coupling(halves[1], "tanh", "dense"),
  "Coupling, sigmoid, first half kept": coupling(halves[0], "sigmoid", "dense"),
  "Coupling, tanh, even chessboard kept": coupling(chessboards[0], "tanh", "residual"),
  "Coupling, additive, odd chessboard kept": coupling(chessboards[1], "additive", "conv"),
  "Coupling, tanh, half of the channels kept": coupling(channelHalves, "tanh", "residual"),
  "Coupling, sigmoid, half of the channels kept": coupling(channelHalves, "sigmoid", "conv"),
  "Coupling, dense, conditional": coupling(halves[0], "tanh", "dense", [0.7, -1.5]),
  "Coupling, convolution, conditional": coupling(channelHalves, "sigmoid", "conv", [1, 0, -2]),
  "Coupling, residual, conditional": coupling(chessboards[0], "tanh", "residual", [1, 0, -2]),
};

function continuousFlow(shape: readonly number[]): () => Built {
  return inScope((scope) => {
    const dynamics = odeNet(scope, shape, { widths: [4], activation: "tanh", condition: 0 });
    return new ContinuousFlow("flow", shape, dynamics, { tolerance: 1e-9, steps: 1000 });
  });
}

/** Every bijection, by name. One contract holds for all. */
export const registry: Readonly<Record<string, Entry>> = {
  ...blocks,
  ...couplings,
  DiagonalScale: { build: inScope((scope) => new DiagonalScale(scope, [5])) },
  "InvertibleConv, vector": { build: inScope((scope) => new InvertibleConv(scope, [5])) },
  "InvertibleConv, image": { build: inScope((scope) => new InvertibleConv(scope, [4, 2, 3])) },
  "evensFirst, even": { build: inScope(() => evensFirst(4)) },
  "evensFirst, odd": { build: inScope(() => evensFirst(5)) },
  "ResidualBlock, input not activated": {
    build: inScope((scope) => denseBlock(scope.child("block"), 3, [5], { activateInput: false })),
  },
  "ResidualBlock, dense, conditional": {
    build: inScope((scope) =>
      conditioned(denseBlock(scope.child("block"), 3, [5], { condition: 2 }), [0.7, -1.5]),
    ),
  },
  "ResidualBlock, convolution, conditional": {
    build: inScope((scope) =>
      conditioned(convBlock(scope.child("block"), [2, 3, 2], 4, { condition: 3 }), [1, 0, -2]),
    ),
  },
  "ResidualBlock, concatenated, vector": {
    build: inScope((scope) => concatenatedBlock(scope.child("block"), [3], { activation: "sine" })),
  },
  "ResidualBlock, concatenated, image": {
    build: inScope((scope) =>
      concatenatedBlock(scope.child("block"), [2, 3, 2], {
        activation: "clipswish",
        activateInput: false,
      }),
    ),
  },
  "ResidualBlock, concatenated, conditional": {
    build: inScope((scope) =>
      conditioned(concatenatedBlock(scope.child("block"), [3], { condition: 2 }), [0.7, -1.5]),
    ),
  },
  "MonotoneBlock, vector": {
    build: inScope((scope) =>
      monotoneBlock(denseBlock(scope.child("block"), 3, [6, 6], { activation: "sine", c: 0.95 })),
    ),
  },
  "MonotoneBlock, image": {
    build: inScope((scope) => monotoneBlock(convBlock(scope.child("block"), [2, 3, 2], 4))),
  },
  "MonotoneBlock, conditional": {
    build: inScope((scope) => {
      const block = denseBlock(scope.child("block"), 3, [5], {
        condition: 2,
        activation: "lipswish",
      });
      return conditioned(monotoneBlock(block), [0.7, -1.5]);
    }),
  },
  "Inverted, squeeze": { build: inScope(() => new Inverted(squeeze([2, 4, 2]))) },
  "Inverted, InvertibleConv": {
    build: inScope((scope) => new Inverted(new InvertibleConv(scope, [4, 2, 3]))),
  },
  "Whitening, vector": {
    build: inScope((scope) => new Whitening(scope, [5])),
    feeds: whitened(5),
  },
  "Whitening, image": {
    build: inScope((scope) => new Whitening(scope, [4, 2, 3])),
    feeds: whitened(4),
  },
  "ActNorm, vector": { build: inScope((scope) => new ActNorm(scope, [5])) },
  "ActNorm, image": { build: inScope((scope) => new ActNorm(scope, [3, 2, 4])) },
  "BatchNormBijection, vector": { build: inScope((scope) => new BatchNormBijection(scope, [5])) },
  "BatchNormBijection, image": {
    build: inScope((scope) => new BatchNormBijection(scope, [3, 2, 4])),
  },
  MaskedAutoregressive: { build: maskedAutoregressive({ hidden: [8, 8] }) },
  "MaskedAutoregressive, reversed": {
    build: maskedAutoregressive({ hidden: [12], reversed: true }),
  },
  "MaskedAutoregressive, conditional": {
    build: maskedAutoregressive({ hidden: [10], condition: [0.7, -1.5] }),
  },
  "ContinuousFlow, vector": { build: continuousFlow([3]), error: 1e-7 },
  "ContinuousFlow, image": { build: continuousFlow([1, 2, 2]), error: 1e-7 },
  squeeze: { build: inScope(() => squeeze([2, 4, 2])) },
  flatten: { build: inScope(() => flatten([2, 3, 2])) },
  "Rescale, vector": {
    build: inScope(() => new Rescale([3], { offset: 0.25, scale: -3 })),
  },
  "Rescale, image": {
    build: inScope(() => new Rescale([1, 2, 3], { offset: 33, scale: 1 / 78 })),
  },
  "Logit, vector": { build: inScope(() => new Logit([4], 0.05)), domain: [0, 1] },
  "Logit, image": { build: inScope(() => new Logit([2, 2, 2], 1e-6)), domain: [0, 1] },
  "ZeroPad, vector": { build: inScope(() => new ZeroPad("padding", [3], 5)) },
  "ZeroPad, image": { build: inScope(() => new ZeroPad("padding", [1, 2, 3], 4)) },
  "ZeroPad, nothing to add": { build: inScope(() => new ZeroPad("padding", [2, 2, 2], 2)) },
  Chain: {
    build: inScope(
      (scope) =>
        new Chain([
          new Logit([1, 4, 2], 0.01),
          squeeze([1, 4, 2]),
          new ActNorm(scope.child("actNorm"), [4, 2, 1]),
          convBlock(scope.child("block"), [4, 2, 1], 3),
          flatten([4, 2, 1]),
          denseBlock(scope.child("dense"), 8, [4], { c: 0.7 }),
        ]),
    ),
    domain: [0, 1],
  },
  "MultiScale, one scale": {
    build: inScope((scope) => new MultiScale([convBlock(scope.child("block"), [2, 2, 2], 3)])),
  },
  "MultiScale, three scales": {
    build: inScope(
      (scope) =>
        new MultiScale([
          new Chain([squeeze([1, 4, 4]), convBlock(scope.child("first"), [4, 2, 2], 3)]),
          new Chain([squeeze([2, 2, 2]), new ActNorm(scope.child("second"), [8, 1, 1])]),
          convBlock(scope.child("third"), [4, 1, 1], 2),
        ]),
    ),
  },
  "i-ResNet classifier, image": {
    build: () =>
      iResNetClassifier({
        shape: [1, 4, 4],
        classes: 3,
        blocks: [2, 1],
        widths: [3, 4],
        squeezeFirst: true,
        channels: 4,
        centre: { mean: 0.1, deviation: 0.7 },
        activation: "elu",
        c: 0.9,
      }),
  },
  "i-ResNet classifier, vector": {
    build: () =>
      iResNetClassifier({
        shape: [4],
        classes: 3,
        blocks: [1, 1],
        widths: [6],
        squeezeFirst: false,
        channels: 4,
        centre: { mean: -1, deviation: 2 },
        activation: "lipswish",
        c: 0.8,
      }),
  },
  "i-ResNet density, image, logit": {
    build: () =>
      iResNetDensity({
        shape: [1, 4, 4],
        blocks: [1, 1],
        widths: [3],
        pixels: "logit",
        activation: "elu",
        c: 0.9,
      }),
    domain: [0, 256],
  },
  "i-ResNet density, image, centre": {
    build: () =>
      iResNetDensity({
        shape: [2, 4, 2],
        blocks: [2],
        widths: [3],
        pixels: "centre",
        activation: "softplus",
        c: 0.7,
      }),
    domain: [0, 256],
  },
  "i-ResNet density, vector": {
    build: () =>
      iResNetDensity({
        shape: [2],
        blocks: [6],
        widths: [8, 8],
        pixels: "centre",
        activation: "elu",
        c: 0.9,
      }),
  },
};
