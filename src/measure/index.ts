export * from "./estimator.js";
export * from "./evaluate.js";
export * from "./evaluation.js";
export * from "./plain-inverse.js";
export * from "./plane.js";
export * from "./reconstruct.js";
export * from "./statistics.js";
export * from "./unit.js";
export { spread, type MeasureOptions } from "./batches.js";
