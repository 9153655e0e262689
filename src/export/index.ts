export type { ExportDescription } from "./describe.js";
export { exportOnnx, type ExportOptions, type OnnxExport } from "./export-onnx.js";
export { exportTargets, type ExportTarget } from "./request.js";
