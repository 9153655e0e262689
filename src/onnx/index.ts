export { BatchAxis } from "./batch-axis.js";
export { toOnnx, type OnnxModel, type OnnxOptions } from "./model.js";
export { castTo, type ValueProto } from "./proto.js";
export type { GraphScope } from "./scope.js";
export type { Target } from "./targets.js";
export { exportedSet, ModelWriter, type FileHeader } from "./writer.js";
