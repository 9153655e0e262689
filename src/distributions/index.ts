export * from "./autoregressive-mixture.js";
export * from "./flow.js";
export * from "./gaussian.js";
