// Not here: metrics-file.ts, which needs Node.
export { type TrainingConfig, type TrainingOptions } from "./config.js";
export { type FitOptions, type Progress, type Report } from "./fit-options.js";
export * from "./fit.js";
export {
  createOptimizer,
  type Optimizer,
  type OptimizerDefinition,
  registerOptimizer,
  type StepInputs,
} from "./optimizer-registry.js";
export { type OptimizerOptions } from "./optimizers.js";
export * from "./presets/index.js";
export { learningRate } from "./schedules.js";
