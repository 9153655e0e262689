// Not here: checkpoint-file.ts and metrics-file.ts, which need Node.
export * from "./config.js";
export type { FitOptions, Progress, Report } from "./fit-options.js";
export { fit } from "./fit.js";
export { createOptimizer, registerOptimizer } from "./optimizer-registry.js";
export type { Optimizer, OptimizerDefinition, StepInputs } from "./optimizer-registry.js";
export type { OptimizerConfig, OptimizerOptions } from "./optimizers.js";
export * from "./presets/index.js";
export * from "./schedules.js";
export { secondsPerStep } from "./step-time.js";
