/**
 * iresnet: invertible residual networks. Runs wherever JavaScript does; what needs Node (its
 * engine, files) is in `iresnet/node`.
 *
 * @packageDocumentation
 */
export { gradients, vjp } from "./autodiff/vjp.js";
export * from "./bijections/index.js";
export * from "./data/index.js";
export * from "./distributions/index.js";
export { compile, type Compiled, type Traced } from "./engine/compile.js";
export type { Engine, Session, Store } from "./engine/engine.js";
export * from "./errors.js";
export * as graph from "./graph/index.js";
export type { Tensor } from "./graph/index.js";
export * from "./models/index.js";
export * from "./nn/index.js";
export { Random } from "./random.js";
export * from "./train/index.js";
export { ndarray, type Arrays, type NDArray, type Shape } from "./tree.js";
