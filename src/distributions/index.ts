export * from "./autoregressive-mixture.js";
export * from "./flow.js";
export * from "./gaussian.js";
export * from "./standard-gaussian.js";
export * from "./standard-logistic.js";
