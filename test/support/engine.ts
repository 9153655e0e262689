import { after } from "node:test";
import type { Engine } from "../../src/engine/engine.js";
import { nodeEngine } from "../../src/engine/node.js";

/** Closes these one after the other, after the enclosing suite. */
export function closeAfter(...all: readonly { close(): Promise<void> }[]): void {
  after(async () => {
    for (const one of all) await one.close();
  });
}

/** An engine of one thread, closed after the enclosing suite. */
export async function testEngine(): Promise<Engine> {
  const engine = await nodeEngine({ threads: 1 });
  closeAfter(engine);
  return engine;
}
