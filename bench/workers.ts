import type { Engine } from "../src/engine/engine.js";
import { nodeEngine } from "../src/engine/node.js";
import { secondsPerStep } from "../src/train/step-time.js";
import { measureInTurn } from "./in-turn.js";
import { median, round } from "./numbers.js";
import { wholeNumbers } from "./options.js";
import { presetBatches } from "./preset-batches.js";

const preset = "mnist-density";

/**
 * Times a step of the small MNIST density as training takes it, on one core, on the threads of one
 * session, and on workers of one thread each that share the batch.
 */
export async function benchWorkers(args: readonly string[]): Promise<void> {
  const { batch, threads, rounds } = wholeNumbers(args, { batch: 16, threads: 2, rounds: 5 });
  const single = await nodeEngine({ threads: 1 });
  const others = await Promise.all(
    Array.from({ length: threads - 1 }, () => nodeEngine({ threads: 1 })),
  );
  const threaded = await nodeEngine({ threads });
  try {
    const { model, training, data } = await presetBatches(preset, { batchSize: batch });
    const timeOn = (...team: readonly [Engine, ...Engine[]]) => {
      return async () => 1000 * (await secondsPerStep(model, data, training, team));
    };
    const times = await measureInTurn(
      { oneCore: timeOn(single), threads: timeOn(threaded), workers: timeOn(single, ...others) },
      { rounds },
    );
    const oneCore = median(times.oneCore);
    const [ofThreads, ofWorkers] = [median(times.threads), median(times.workers)];
    const result = {
      name: "workers",
      one_core_ms: round(oneCore, 1),
      threads_ms: round(ofThreads, 1),
      workers_ms: round(ofWorkers, 1),
      threads_gain: round(oneCore / ofThreads, 2),
      workers_gain: round(oneCore / ofWorkers, 2),
      config: { preset, batch, threads, rounds },
      engine: single.description,
    };
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    for (const engine of [single, ...others, threaded]) await engine.close();
  }
}
