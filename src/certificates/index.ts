export * from "./bounds.js";
export * from "./certified-norm.js";
