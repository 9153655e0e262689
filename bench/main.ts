import { parseArgs } from "node:util";
import { nodeEngine } from "../src/engine/node.js";
import type { Engine } from "../src/engine/engine.js";
import { IresnetError, UsageError } from "../src/errors.js";
import { defaultWidth, makeCase, makeStep, twinArrays, type Case, type Step } from "./cases.js";
import { findPython, Twin } from "./twin.js";

const usage = `Usage: npm run bench -- classifier|density [--batch 32] [--threads 2] [--rounds 5]
                            [--width N] [--gradient neumann|series]

Times our training step and, where python3 has torch, a PyTorch twin of the same computation, in
turn. Prints one JSON line: medians in ms, and their ratio (below 1: ours is faster).`;

/** Milliseconds of one step of ours. */
async function timeStep({ compiled, prepared, store }: Step): Promise<number> {
  const start = performance.now();
  await compiled.run(prepared, store);
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      batch: { type: "string", default: "32" },
      threads: { type: "string", default: "2" },
      rounds: { type: "string", default: "5" },
      width: { type: "string" },
      gradient: { type: "string", default: "neumann" },
      help: { type: "boolean", short: "h" },
    },
  });
  const [name] = positionals;
  if (values.help || name === undefined) {
    process.stderr.write(`${usage}\n`);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const options = { ...values, width: values.width ?? String(defaultWidth(name)) };
  const [batch, threads, rounds, width] = (["batch", "threads", "rounds", "width"] as const).map(
    (key) => wholeNumber(key, options[key]),
  ) as [number, number, number, number];
  const { gradient } = values;
  if (gradient !== "neumann" && gradient !== "series") {
    throw new UsageError(`bench: expected --gradient neumann or series, got ${gradient}`);
  }
  const test = makeCase(name, { batch, width, gradient });
  const engine = await nodeEngine({ threads });
  try {
    await measure(engine, name, test, { batch, threads, rounds });
  } finally {
    await engine.close();
  }
}

/** @throws {UsageError} unless `text` is a whole number of at least 1. */
function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new UsageError(`bench: expected a whole number of at least 1 for --${option}, got ${text}`);
}

/** Runs the steps in turn and prints their times. */
async function measure(
  engine: Engine,
  name: string,
  test: Case,
  { batch, threads, rounds }: { batch: number; threads: number; rounds: number },
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

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof IresnetError ? error.exitCode : 1;
});
