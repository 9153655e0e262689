export { abortable, isAbort, unlessAborted } from "./abortable.js";
export {
  compile,
  compileShares,
  type CallOptions,
  type Compiled,
  type CompiledShares,
  type NoiseSource,
  type Prepared,
  type Traced,
} from "./compile.js";
export type { Engine, Graph, Session, Store } from "./engine.js";
