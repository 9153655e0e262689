// Not here: open-file.ts, which needs Node.
export { expectConverged, type Direction, type Measured } from "./checks.js";
export { expectAbility } from "./entry.js";
export type { Inverse } from "./inverse.js";
export type { InverseLimits } from "./limits.js";
export * from "./open.js";
export * from "./preprocessor.js";
export type { Conditioned, RowOptions } from "./rows.js";
export * from "./runner.js";
export type { SampleOptions } from "./sample.js";
export { type ScoreOptions, type Scores } from "./score.js";
