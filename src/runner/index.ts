// Not here: open-file.ts, which needs Node.
export { expectConverged, type Direction, type Measured } from "./checks.js";
export type { Core, Numbers, TraceOptions } from "./core.js";
export { expectAbility } from "./entry.js";
export * from "./graphs.js";
export type { Inverse } from "./inverse.js";
export { limitArrays, limitsOf, type InverseLimits } from "./limits.js";
export { mostPerBatch } from "./batching.js";
export * from "./open.js";
export * from "./preprocessor.js";
export type { Conditioned, RowOptions } from "./rows.js";
export * from "./runner.js";
export type { SampleOptions } from "./sample.js";
export { settledCheckpoint } from "./settled-checkpoint.js";
export { scoreMethod, type ScoreMethod, type ScoreOptions, type Scores } from "./score.js";
