export {
  compile,
  type CallOptions,
  type Compiled,
  type NoiseSource,
  type Prepared,
  type Traced,
} from "./compile.js";
export type { Engine, Graph, Session, Store } from "./engine.js";
export { compileTeam, type CompiledForTeam, type Member, type TeamRun } from "./team.js";
export { alone, broadcast, localTransports, type Transport } from "./transport.js";
