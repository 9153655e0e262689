// Not here: checkpoint-file.ts and metrics-file.ts, which need Node.
export * from "./batches.js";
export * from "./config.js";
export * from "./fit.js";
export * from "./optimizers.js";
export * from "./presets/index.js";
export * from "./schedules.js";
