export * from "./flow.js";
export * from "./gaussian.js";
