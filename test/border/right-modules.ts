import * as iresnet from "../../src/index.js";
import type { Right } from "./right-arguments.js";

const { Context, Scope, graph } = iresnet;
const { add, mul, neg } = graph;

const x = graph.input("x", [2, 3]);
const image = graph.input("image", [1, 2, 4, 4]);
const kernel = graph.input("kernel", [2, 2, 3, 3]);
const scope = () => new Scope();
const ctx = new Context({ phase: "infer", logDet: iresnet.exact });
const branchOptions = { activation: "elu", c: 0.9, activateInput: false };
const masked = { hidden: [4], condition: 0, reversed: false };
const conv = { inChannels: 2, outChannels: 2, kernel: 3 };
const flip = new iresnet.ActNorm(scope(), [3]);
const dynamics = iresnet.odeNet(scope(), [3], { widths: [4], activation: "tanh", condition: 0 });
const operator = {
  kind: { kind: "matrix" },
  inShape: [1, 3],
  outShape: [1, 2],
  apply: (v: iresnet.Tensor) => v,
  adjoint: (u: iresnet.Tensor) => u,
} as unknown as ConstructorParameters<typeof iresnet.SpectralNorm>[2];
const unary =
  "abs cos elu exp log neg relu sigmoid sign sin softplus sqrt square stopGradient tanh";
const all = "allMean dot meanAll norm sumAll sumEvent";
const binary = "add div dot greater maximum minimum mul sub";
const of = (names: string, right: Right): Record<string, Right> =>
  Object.fromEntries(names.split(" ").map((name) => [name, right]));
const withScope = (names: string, ...rest: readonly unknown[]): Record<string, Right> =>
  of(names, () => [scope(), ...rest]);

/** Right arguments of what a model is written with: parts of models, and operations on tensors. */
export const rightModules: Readonly<Record<string, Right>> = {
  ...of(`${unary} ${all}`, () => [x]),
  ...of(binary, () => [x, x]),
  ...withScope("ActNorm BatchNormBijection DiagonalScale InvertibleConv", [3, 4, 4]),
  ...withScope("BatchNorm DiagonalGaussian", 2),
  ...withScope("ConditionShift Linear", 2, 3),
  ...withScope("Conv2d WeightNormConv2d", conv),
  ...withScope("MaskedNetwork", 3, { ...masked, outputs: 2 }),
  ...of("StandardGaussian StandardLogistic evensFirst", () => [3]),
  ...of("centred dequantised uncentred", () => [x, ctx]),
  ...of("neumannSeries powerSeries", () => [{ terms: 3 }]),
  Chain: () => [[flip, flip]],
  ContinuousFlow: () => ["flow", [3], dynamics, { tolerance: 1e-3, steps: 9 }],
  Coupling: () => [
    scope(),
    {
      mask: iresnet.halvesMask([3], "first"),
      transform: "tanh",
      network: iresnet.denseNetwork({ hidden: [4], condition: 0, startsAtZero: true }),
    },
  ],
  Logit: () => [[1, 4, 4], 0.05],
  MaskedAutoregressive: () => [scope(), 3, masked],
  MultiScale: () => [[flip]],
  Rescale: () => [[3], { offset: 1, scale: 2 }],
  ResidualBlock: () => ["block", [3], iresnet.denseBranch(scope(), 3, [4], branchOptions)],
  ZeroPad: () => ["pad", [3], 4],
  checkerboardMask: () => [[1, 4, 4], "even"],
  halvesMask: () => [[3], "first"],
  flatten: () => [[1, 4, 4]],
  squeeze: () => [[1, 4, 4]],
  mapped: () => [x, () => x],
  exact: () => [neg, x, neg(x), ctx],
  roulette: () => [{ exactTerms: 2, tail: { kind: "geometric", p: 0.5 } }],
  truncationBias: () => [3, 0.9, 5],
  solve: () => [x, neg, { from: 0, to: 1, tolerance: 0.1, steps: 9, controlled: [3] }],
  Context: () => [{ phase: "train" }],
  LipschitzConv2d: () => [scope(), { ...conv, height: 4, width: 4 }, 0.9],
  LipschitzLinear: () => [scope(), 2, 3, 0.9],
  Scope: () => ["path", scope()],
  SpectralNorm: () => [scope(), graph.input("w", [2, 3]), operator, 0.9],
  ZeroLayer: () => [scope(), 2, 3, 3],
  activationNames: () => [],
  channelsPer: () => ["elu"],
  convBranch: () => [scope(), [2, 4, 4], 3, branchOptions],
  denseBranch: () => [scope(), 3, [4], branchOptions],
  convNetwork: () => [{ hidden: 3, condition: 0 }],
  denseNetwork: () => [{ hidden: [3], condition: 0, startsAtZero: false }],
  residualNetwork: () => [{ hidden: 3, condition: 0, blocks: 1 }],
  odeNet: () => [scope(), [3], { widths: [4], activation: "tanh", condition: 0 }],
  registerActivation: () => ["one of a test", () => neg],
  AutoregressiveMixture: () => [scope(), 3, { ...masked, components: 2 }],
  Flow: () => [new iresnet.StandardGaussian(3), flip],
  vjp: () => [neg(x), x, x],
  gradients: () => [graph.sumAll(x), [x]],
  addAll: () => [
    [x, x],
    [2, 3],
  ],
  axisSize: () => [x, 0],
  broadcast: () => [x, [4, 2, 3]],
  concat: () => [[x, x], 0],
  constant: () => [1, [2]],
  input: () => ["x", [2]],
  literal: () => [[1, 2], [2]],
  conv2d: () => [image, kernel],
  conv2dInputGrad: () => [image, kernel],
  conv2dWeightGrad: () => [image, image, 3],
  expectEvent: () => [x, [3], "a test"],
  expectRank: () => [x, 2, "a test"],
  expectTensor: () => [x, "a test"],
  expectShape: () => [x, [2, 3], "a test"],
  fixedPoint: () => [x, (t: iresnet.Tensor) => mul(t, 0.5), { steps: 5, tolerance: 0.1 }],
  logSumExp: () => [x, 1],
  loop: () => [
    { x },
    {
      next: ({ x: t }: { readonly x: iresnet.Tensor }) => ({ x: add(t, 1) }),
      goOn: () => graph.constant(1),
      steps: 3,
    },
  ],
  matmul: () => [x, x, { transposeB: true }],
  max: () => [x, [1]],
  mean: () => [x, [1]],
  sum: () => [x, [1]],
  pad: () => [x, 0, 1, 1],
  print: () => [{ x }],
  reshape: () => [x, [3, 2]],
  select: () => [x, x, x],
  slice: () => [x, 1, 0, 2],
  transpose: () => [x, [1, 0]],
  withGradient: () => [x, [x], (g: iresnet.Tensor) => [g]],
  Linear: () => [scope(), 2, 3],
};
