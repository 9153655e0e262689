export * from "./conformal.js";
export * from "./mahalanobis.js";
export * from "./neighbours.js";
export * from "./roc.js";
