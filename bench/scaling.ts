import { allreduceMilliseconds } from "./cost-model.js";
import { wholeNumbers } from "./options.js";

/**
 * Prints how long a step takes on more and more ranks, by the model of docs/scale.md: a step that is
 * drawn for each rank, then the sum. Each rank has the same batch.
 */
export function simulateScaling(args: readonly string[]): Promise<void> {
  const options = wholeNumbers(args, {
    "step-ms": 60,
    spread: 5,
    parameters: 100_000,
    latency: 20,
    bandwidth: 1000,
    steps: 400,
  });
  // A machine's own draws: nothing is drawn that training would notice.
  let state = 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  for (let ranks = 1; ranks <= 256; ranks *= 2) {
    let total = 0;
    for (let step = 0; step < options.steps; step++) {
      let slowest = 0;
      for (let rank = 0; rank < ranks; rank++) {
        const time = options["step-ms"] * (1 + (options.spread / 100) * normal());
        slowest = Math.max(slowest, time);
      }
      total += slowest + allreduceMilliseconds(ranks, options);
    }
    const step_ms = total / options.steps;
    const efficiency = options["step-ms"] / step_ms;
    process.stdout.write(`${JSON.stringify({ name: "scaling", ranks, step_ms, efficiency })}\n`);
  }
  return Promise.resolve();
}
