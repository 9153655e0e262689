export { toOnnx, type OnnxModel, type OnnxOptions } from "./model.js";
export type { Target } from "./targets.js";
