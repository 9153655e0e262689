export { checkExport, expectEqualResults, type ExportDifference } from "./check.js";
export type { ExportDescription, InputDescription, ValueDescription } from "./describe.js";
export { exportOnnx, type ExportOptions, type OnnxExport } from "./export-onnx.js";
export { exportTargets, type ExportTarget } from "./request.js";
export type { FileArrays } from "../tree.js";
