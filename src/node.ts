/**
 * What of iresnet needs Node: ONNX Runtime's native engine, data sets and checkpoints as files.
 *
 * @packageDocumentation
 */
export { getData } from "./data/download.js";
export { loadSplit, type Split } from "./data/files.js";
export { nodeEngine, type NodeEngineOptions } from "./engine/node.js";
export { loadCheckpoint, saveCheckpoint } from "./checkpoint/checkpoint-file.js";
export { openRunner } from "./runner/open-file.js";
