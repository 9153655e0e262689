/**
 * iresnet: invertible residual networks. Runs wherever JavaScript does; what needs Node (its
 * engine, files) is in `iresnet/node`.
 *
 * @packageDocumentation
 */
export { gradients, vjp } from "./autodiff/vjp.js";
export {
  ActNorm,
  BatchNormBijection,
  Chain,
  exact,
  flatten,
  largestExactDimension,
  Logit,
  MultiScale,
  neumannSeries,
  powerSeries,
  Rescale,
  ResidualBlock,
  squeeze,
  truncationBias,
  ZeroPad,
  type Bijection,
  type Check,
  type Mapped,
  type SeriesOptions,
} from "./bijections/index.js";
export {
  augment,
  imageBatch,
  imageSetNames,
  oneHot,
  parseCifar,
  parseIdx,
  range,
  sampleToy,
  subset,
  toyNames,
  type Augmentation,
  type DataFile,
  type ImageSet,
  type ImageSetName,
  type ImageShape,
  type ToyName,
} from "./data/index.js";
export { DiagonalGaussian, Flow, type Base } from "./distributions/index.js";
export {
  compile,
  type CallOptions,
  type Compiled,
  type Engine,
  type Graph,
  type Prepared,
  type Session,
  type Store,
  type Traced,
} from "./engine/index.js";
export * from "./errors.js";
export * as graph from "./graph/index.js";
export type { Tensor } from "./graph/index.js";
export type { JsonValue } from "./json.js";
export {
  bitsPerDim,
  ClassifierRunner,
  convergeNorms,
  createModel,
  DensityRunner,
  IResNetClassifier,
  IResNetDensity,
  lipschitzBounds,
  models,
  plannedIterations,
  ResNet,
  type ClassifierModel,
  type Conditioned,
  type DensityModel,
  type IResNetClassifierConfig,
  type IResNetDensityConfig,
  type Inverse,
  type InverseLimits,
  type Measured,
  type Model,
  type Norms,
  type ResNetConfig,
  type SampleOptions,
  type ScoreOptions,
  type Scores,
} from "./models/index.js";
export {
  activationNames,
  BatchNorm,
  Context,
  convBranch,
  denseBranch,
  Linear,
  LipschitzConv2d,
  LipschitzLinear,
  Scope,
  SpectralNorm,
  type ActivationName,
  type Branch,
  type ContextOptions,
  type Layer,
  type LogDetEstimator,
} from "./nn/index.js";
export { Random, type NoiseKind } from "./random.js";
export {
  createOptimizer,
  decodeCheckpoint,
  encodeCheckpoint,
  findPreset,
  fit,
  imageBatches,
  inferenceArrays,
  learningRate,
  presets,
  toyBatches,
  vectorBatches,
  type BatchSource,
  type Checkpoint,
  type FitOptions,
  type Preset,
  type Progress,
  type Report,
  type TrainingConfig,
  type TrainingOptions,
} from "./train/index.js";
export { ndarray, type Arrays, type NDArray, type Shape } from "./tree.js";
