export * from "./activations.js";
export * from "./batch-norm.js";
export * from "./branch.js";
export * from "./context.js";
export * from "./linear.js";
export * from "./scope.js";
export * from "./spectral-norm.js";
