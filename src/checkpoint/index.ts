// Not here: checkpoint-file.ts, which needs Node.
export * from "./checkpoint.js";
export * from "./open.js";
export { inferenceArrays } from "./stored-arrays.js";
