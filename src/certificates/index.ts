export * from "./bounds.js";
export * from "./certified-norm.js";
export * from "./inverse-error.js";
