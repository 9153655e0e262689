import type { Engine } from "../src/engine/engine.js";
import { nodeEngine } from "../src/engine/node.js";
import { makeStep, twinArrays, type Step } from "./cases.js";
import { median, round } from "./numbers.js";
import { parseMeasurement, type Measurement } from "./options.js";
import { findPython, Twin } from "./twin.js";

/** Times our training step and, where there is PyTorch, its twin, in turn. */
export async function benchStep(args: readonly string[]): Promise<void> {
  const measurement = parseMeasurement(args);
  const engine = await nodeEngine({ threads: measurement.threads });
  try {
    await measure(engine, measurement);
  } finally {
    await engine.close();
  }
}

/** Runs the steps in turn and prints their times. */
async function measure(
  engine: Engine,
  { name, test, batch, threads, rounds }: Measurement,
): Promise<void> {
  const step = await makeStep(engine, test, { withGradients: false });
  const python = findPython();
  const twin =
    python === undefined
      ? undefined
      : await Twin.start(python, { ...test, arrays: twinArrays(test, step) }, threads);
  if (!twin) process.stderr.write("bench: no python3 with torch and numpy here; ours alone\n");
  try {
    const times = await timeInTurn(step, twin, rounds);
    const peer = twin && { times: times.peer, peakMiB: await twin.peakMiB() };
    const result = {
      name,
      ours_ms: round(median(times.ours), 1),
      peer_ms: peer ? round(median(peer.times), 1) : null,
      ratio: peer ? round(median(times.ours) / median(peer.times), 3) : null,
      ours_peak_mib: round(process.resourceUsage().maxRSS / 1024, 0),
      peer_peak_mib: peer ? round(peer.peakMiB, 0) : null,
      config: { ...test.config, batch, threads, rounds },
      engine: engine.description,
    };
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    twin?.stop();
  }
}

/** Milliseconds of each step after a first, uncounted one. */
async function timeInTurn(
  step: Step,
  twin: Twin | undefined,
  rounds: number,
): Promise<{ ours: number[]; peer: number[] }> {
  const ours: number[] = [];
  const peer: number[] = [];
  for (let i = 0; i <= rounds; i++) {
    const mine = await timeStep(step);
    const other = await twin?.step();
    if (i === 0) continue;
    ours.push(mine);
    if (other !== undefined) peer.push(other);
  }
  return { ours, peer };
}

/** Milliseconds of one step of ours. */
async function timeStep({ compiled, prepared, store }: Step): Promise<number> {
  const start = performance.now();
  await compiled.run(prepared, store);
  return performance.now() - start;
}
