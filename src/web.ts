/**
 * What of iresnet needs a page: ONNX Runtime in a worker, on the CPU or on WebGPU.
 *
 * @module iresnet/web
 */
export { webEngine, type WebEngineOptions } from "./engine/web.js";
