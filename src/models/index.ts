export * from "./classifier-runner.js";
export * from "./converge.js";
export * from "./density-runner.js";
export * from "./i-resnet-classifier.js";
export * from "./i-resnet-density.js";
export * from "./model.js";
export * from "./registry.js";
export * from "./runner.js";
