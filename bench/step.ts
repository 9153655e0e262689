import { simplifyGraph } from "../src/engine/compile.js";
import type { Engine } from "../src/engine/engine.js";
import { nodeEngine } from "../src/engine/node.js";
import { allTensors } from "../src/engine/program.js";
import type { JsonObject } from "../src/json.js";
import { makeStep, tracedStep, twinArrays, type Case, type Step } from "./cases.js";
import { costOf } from "./cost.js";
import { measureInTurn } from "./in-turn.js";
import { floorMs, measureMachine, type Machine } from "./machine.js";
import { median, round, total } from "./numbers.js";
import { parseMeasurement, type Measurement } from "./options.js";
import { detectTarget } from "./session.js";
import { findPython } from "./python.js";
import { Twin } from "./twin.js";

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
  const python = findPython("torch", "numpy");
  const twin =
    python === undefined
      ? undefined
      : await Twin.start(python, { ...test, arrays: twinArrays(test, step) }, threads);
  if (!twin) process.stderr.write("bench: no python3 with torch and numpy here; ours alone\n");
  try {
    const times = await timeInTurn(step, twin, rounds);
    const peer = twin && times.peer && { times: times.peer, peakMiB: await twin.peakMiB() };
    const oursPeakMiB = process.resourceUsage().maxRSS / 1024;
    const machine = await measureMachine({ threads, target: await detectTarget(threads) });
    const limits = distance(test, median(times.ours), machine);
    const result = {
      name,
      ours_ms: round(median(times.ours), 1),
      peer_ms: peer ? round(median(peer.times), 1) : null,
      ratio: peer ? round(median(times.ours) / median(peer.times), 3) : null,
      ours_peak_mib: round(oursPeakMiB, 0),
      peer_peak_mib: peer ? round(peer.peakMiB, 0) : null,
      ...limits,
      config: { ...test.config, batch, threads, rounds },
      engine: engine.description,
    };
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    twin?.stop();
  }
}

/** What a step of `ms` milliseconds reaches of the machine. */
function distance(test: Case, ms: number, machine: Machine): JsonObject {
  const costs = Object.values(costOf(allTensors(simplifyGraph(tracedStep(test)))));
  const gflop = total(costs.map(({ flops }) => flops)) / 1e9;
  const gflopsPerS = gflop / (ms / 1000);
  return {
    gflop: round(gflop, 1),
    gflops_per_s: round(gflopsPerS, 1),
    peak_gflops_per_s: round(machine.gflopsPerS, 0),
    share_of_peak: round(gflopsPerS / machine.gflopsPerS, 3),
    peak_gb_per_s: round(machine.gigabytesPerS, 1),
    floor_ms: round(total(costs.map((cost) => floorMs(cost, machine))), 1),
  };
}

/** Steps in which the runtime still grows, and the system has to find it memory. */
const uncounted = 8;

/** Milliseconds of each step after the first, uncounted ones. */
async function timeInTurn(
  step: Step,
  twin: Twin | undefined,
  rounds: number,
): Promise<{ ours: number[]; peer?: number[] }> {
  const ours = (): Promise<number> => timeStep(step);
  if (!twin) return measureInTurn({ ours }, { rounds, uncounted });
  return measureInTurn({ ours, peer: () => twin.step() }, { rounds, uncounted });
}

/** Milliseconds of one step of ours. */
async function timeStep({ compiled, prepared, store }: Step): Promise<number> {
  const start = performance.now();
  await compiled.run(prepared, store);
  return performance.now() - start;
}
