/**
 * Operations on tensors: all that a bijection, a layer, an activation or an optimizer is written
 * with. Nodes, simplification, and what engines read of a graph are the package's own.
 */
export { allMean } from "./all-mean.js";
export { conv2d, conv2dInputGrad, conv2dWeightGrad } from "./conv.js";
export {
  addAll,
  dot,
  logSumExp,
  mean,
  meanAll,
  norm,
  relu,
  square,
  sumAll,
  sumEvent,
} from "./derived.js";
export {
  abs,
  add,
  cos,
  div,
  elu,
  exp,
  greater,
  log,
  maximum,
  minimum,
  mul,
  neg,
  select,
  sigmoid,
  sign,
  sin,
  softplus,
  sqrt,
  stopGradient,
  sub,
  tanh,
} from "./elementwise.js";
export { fixedPoint, type FixedPoint, type FixedPointOptions } from "./fixed-point.js";
export { matmul, type MatmulOptions } from "./linear.js";
export { loop, type LoopOptions } from "./loop.js";
export { print } from "./print.js";
export { max, sum } from "./reduce.js";
export { axisSize, broadcast, concat, pad, reshape, slice, transpose } from "./structure.js";
export {
  constant,
  expectEvent,
  expectRank,
  expectShape,
  expectTensor,
  input,
  literal,
  type Input,
  type Tensor,
  type TensorLike,
} from "./tensor.js";
export { withGradient } from "./with-gradient.js";
