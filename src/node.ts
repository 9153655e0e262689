/**
 * What of iresnet needs Node: ONNX Runtime's native engine; data sets, checkpoints and runs as files.
 *
 * @module iresnet/node
 */
export { getData } from "./data/download.js";
export { openData } from "./data/files.js";
export { openPictureFolder, type PictureFolderOptions } from "./data/pictures/picture-folder.js";
export { fileSource } from "./data/readers/node-source.js";
export { writeFileInPieces } from "./data/writers/node-writer.js";
export { openMpi, type Mpi } from "./mpi/mpi.js";
export { copyWebAssets, type WebAsset, type WebAssetsOptions } from "./engine/web-assets.js";
export { nodeEngine, type NodeEngineOptions } from "./engine/node.js";
export { openOnnxFile, type OnnxFile, type OnnxFileOptions } from "./engine/node-file.js";
export { loadCheckpoint, saveCheckpoint } from "./checkpoint/checkpoint-file.js";
export { openRunner } from "./runner/open-file.js";
export { configure, type Overrides } from "./runs/configuration.js";
export type { Listener, StepReport, TaskProgress } from "./runs/listener.js";
export { prepareRun, type PreparedRun } from "./runs/prepare.js";
export { importRun, type ImportedRun, type ImportRunOptions } from "./runs/import-run.js";
export { openRun, type Run } from "./runs/open-run.js";
export { createRun, RunFolder, type RunConfig, type SavedConfig } from "./runs/run-folder.js";
export { trainRun, type Outcome, type TrainRunOptions } from "./runs/train-run.js";

// Types that the signatures above name.
export type { DownloadOptions, DownloadProgress } from "./data/download.js";
export type { OpenDataOptions } from "./data/registry.js";
export type { OptimizerConfig } from "./train/optimizers.js";
export type { FileArrays } from "./tree.js";
