export { compile, type CallOptions, type Compiled, type Prepared, type Traced } from "./compile.js";
export type { Engine, Graph, Session, Store } from "./engine.js";
