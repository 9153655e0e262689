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

/** Counts what runs on an engine from now on. */
export function countRuns(engine: Engine): { runs: number } {
  const counted = { runs: 0 };
  const load = engine.load.bind(engine);
  engine.load = async (graph) => {
    const session = await load(graph);
    const run = session.run.bind(session);
    session.run = (...given) => {
      counted.runs++;
      return run(...given);
    };
    return session;
  };
  return counted;
}
