export * from "./complexity.js";
export * from "./conformal.js";
export * from "./detection.js";
export { type Estimator, measureEstimator } from "./estimator.js";
export * from "./evaluate.js";
export {
  type Classification,
  type ClassifierEvaluation,
  type DensityEvaluation,
  type Evaluation,
  type HybridEvaluation,
} from "./evaluation.js";
export * from "./mahalanobis.js";
export { neighbourDistances } from "./neighbours.js";
export { inversionCurve, plainInverses } from "./plain-inverse.js";
export { type MeasuredPlane, measurePlane, type Plane } from "./plane.js";
export {
  comparisonRate,
  expectReconstructed,
  reconstruct,
  type Reconstruction,
  type ReconstructionMeasurement,
  type ReconstructOptions,
} from "./reconstruct.js";
export * from "./roc.js";
export * from "./statistics.js";
export { errorUnit, type ErrorUnit } from "./unit.js";
