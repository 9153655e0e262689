import { parseArgs } from "node:util";
import { nodeEngine } from "../src/engine/node.js";
import { IresnetError } from "../src/errors.js";
import { makeCase, makeStep, twinArrays, type Step } from "./cases.js";
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
  const [batch, threads, rounds] = [values.batch, values.threads, values.rounds].map(Number) as [
    number,
    number,
    number,
  ];
  const test = makeCase(name, {
    batch,
    gradient: values.gradient === "series" ? "series" : "neumann",
    ...(values.width !== undefined && { width: Number(values.width) }),
  });
  const engine = await nodeEngine({ threads });
  const step = await makeStep(engine, test, { withGradients: false });
  const python = findPython();
  const twin =
    python === undefined
      ? undefined
      : await Twin.start(python, { ...test, arrays: twinArrays(test, step) }, threads);
  if (!twin) process.stderr.write("bench: no python3 with torch and numpy here; ours alone\n");
  const ours: number[] = [];
  const peers: number[] = [];
  for (let i = 0; i <= rounds; i++) {
    const mine = await timeStep(step);
    const peer = await twin?.step();
    if (i === 0) continue; // warm-up
    ours.push(mine);
    if (peer !== undefined) peers.push(peer);
  }
  const result = {
    name,
    ours_ms: round(median(ours), 1),
    peer_ms: twin ? round(median(peers), 1) : null,
    ratio: twin ? round(median(ours) / median(peers), 3) : null,
    ours_peak_mib: round(process.resourceUsage().maxRSS / 1024, 0),
    peer_peak_mib: twin ? round(await twin.peakMiB(), 0) : null,
    config: { ...test.config, batch, threads, rounds },
    engine: engine.description,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  twin?.stop();
  await engine.close();
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof IresnetError ? error.exitCode : 1;
});
