/**
 * iresnet: invertible residual networks. Runs wherever JavaScript does; what needs Node (its
 * engine, files) is in `iresnet/node`. A room that is exported as a whole says in its own index what
 * is public of it.
 *
 * @module iresnet
 */
export { gradients, vjp } from "./autodiff/vjp.js";
export {
  ActNorm,
  BatchNormBijection,
  Chain,
  checkerboardMask,
  ContinuousFlow,
  Coupling,
  DiagonalScale,
  evensFirst,
  exact,
  flatten,
  halvesMask,
  InvertibleConv,
  largestExactDimension,
  Logit,
  mapped,
  MaskedAutoregressive,
  MultiScale,
  neumannSeries,
  powerSeries,
  Rescale,
  ResidualBlock,
  roulette,
  solve,
  squeeze,
  truncationBias,
  ZeroPad,
  type Bijection,
  type Check,
  type CouplingOptions,
  type CouplingTransform,
  type Mapped,
  type Mask,
  type RouletteOptions,
  type SeriesOptions,
  type Tail,
} from "./bijections/index.js";
export * from "./certificates/index.js";
export {
  arrayData,
  augment,
  dataNames,
  learnPreprocessing,
  oneHot,
  parseCifar,
  parseIdx,
  prepare,
  registerDataSource,
  restore,
  sampleToy,
  toyData,
  toyNames,
  type ArrayDataOptions,
  type ArrayRows,
  type Augmentation,
  type Calibration,
  type CategoryCodec,
  type ColumnCodec,
  type ColumnPlan,
  type DataDescription,
  type DataFile,
  type DataSet,
  type DataSource,
  type Deviation,
  type Preprocessing,
  type Rows,
  type Split,
  type SplitName,
  type TablePlan,
  type ToyName,
} from "./data/index.js";
export * from "./data/pictures/index.js";
export * from "./data/readers/index.js";
export {
  joinTables,
  readTable,
  takeRows,
  type CellProblem,
  type Column,
  type ColumnHead,
  type ColumnKind,
  type NumericColumn,
  type RowProblem,
  type Table,
  type TableOptions,
  type TableReader,
  type TextColumn,
} from "./data/table.js";
export * from "./data/writers/index.js";
export * from "./distributions/index.js";
export * from "./checkpoint/index.js";
export {
  compile,
  type CallOptions,
  type Compiled,
  type Engine,
  type Graph,
  type NoiseSource,
  type Prepared,
  type Session,
  type Store,
  type Traced,
} from "./engine/index.js";
export * from "./errors.js";
export * from "./export/index.js";
export * as graph from "./graph/operations.js";
export type { Tensor } from "./graph/index.js";
export type { JsonValue } from "./json.js";
export * from "./models/index.js";
export {
  activationNames,
  channelsPer,
  BatchNorm,
  centred,
  ConditionShift,
  Context,
  Conv2d,
  convBranch,
  convNetwork,
  denseBranch,
  denseNetwork,
  dequantised,
  Linear,
  LipschitzConv2d,
  LipschitzLinear,
  MaskedNetwork,
  odeNet,
  registerActivation,
  residualNetwork,
  Scope,
  SpectralNorm,
  WeightNormConv2d,
  uncentred,
  ZeroLayer,
  type Activation,
  type ActivationMaker,
  type Branch,
  type ContextOptions,
  type FreeNorm,
  type Layer,
  type LogDetEstimator,
  type NetworkMaker,
  type NormBound,
} from "./nn/index.js";
export {
  expectConverged,
  openModel,
  openRunner,
  Runner,
  type AnyRunner,
  type Conditioned,
  type Inverse,
  type InverseLimits,
  type Measured,
  type ModelOptions,
  type Preprocessor,
  type RowOptions,
  type RunnerOptions,
  type SampleOptions,
  type ScoreOptions,
  type Scores,
} from "./runner/index.js";
export * from "./measure/index.js";
export * from "./images/index.js";
export * from "./pytorch/import-pytorch.js";
export { Random, type NoiseKind } from "./random.js";
export * from "./tables/index.js";
export * from "./train/index.js";
export {
  ndarray,
  type Arrays,
  type NDArray,
  type NumberArray,
  type Shape,
  type Bytes,
} from "./tree.js";

// Types that the signatures above name.
export type { SolverOptions } from "./bijections/ode/continuous-flow.js";
export type { Solution, SolveOptions } from "./bijections/ode/dormand-prince.js";
export type { Closable } from "./closable.js";
export type { AffineRange, CropRange, NoiseRange, OneAugmentation } from "./data/augment.js";
export type { CifarLayout } from "./data/cifar.js";
export type { Examples } from "./data/flip.js";
export type { Fraction } from "./data/fractions.js";
export type { LearnOptions } from "./data/learn.js";
export type { RestoredKind } from "./data/preprocessing.js";
export type { Transport } from "./engine/transport.js";
export type { OpName } from "./graph/tensor.js";
export type { JsonObject } from "./json.js";
export type { ResidualParts } from "./models/residual-body.js";
export type { BranchOptions } from "./nn/branch.js";
export type { InverseOptions, Phase, ResidualMap } from "./nn/context.js";
export type { Conv2dSizes } from "./nn/conv2d.js";
export type { ConvSizes } from "./nn/linear.js";
export type { MaskedOptions } from "./nn/masked.js";
export type {
  ConvNetworkOptions,
  DenseNetworkOptions,
  ResidualNetworkOptions,
} from "./nn/networks.js";
export type { Dynamics, OdeNetOptions } from "./nn/ode-net.js";
export type { LinearOperator, OperatorKind } from "./nn/operators.js";
export type { BoundedWeight, Initializer, Variable } from "./nn/scope.js";
