import { nodeEngine, type NodeEngineOptions } from "../engine/node.js";
import type { Engine } from "../engine/index.js";

/** What a run computes on; all threads of the CPU unless given. */
export interface EngineSettings {
  readonly threads?: number | undefined;
  readonly device?: NodeEngineOptions["device"] | undefined;
}

/** Opens an engine for as long as `use` takes. */
export async function withEngine<T>(
  { threads, device }: EngineSettings,
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const engine = await nodeEngine({
    ...(threads !== undefined && { threads }),
    ...(device && { device }),
  });
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}
