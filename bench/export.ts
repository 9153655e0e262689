import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeEngine } from "../src/engine/node.js";
import { openOnnxFile } from "../src/engine/node-file.js";
import { exportOnnx } from "../src/export/index.js";
import { iResNetDensity } from "../src/models/index.js";
import { Random } from "../src/random.js";
import { openModel } from "../src/runner/index.js";
import { tableRecipe } from "../src/tables/index.js";
import { moved } from "./cases.js";
import { measureInTurn } from "./in-turn.js";
import { median, round } from "./numbers.js";
import { wholeNumbers } from "./options.js";

/** Median seconds of a run of the file in Python's ONNX Runtime. */
const peer = `
import sys, time
import numpy as np, onnxruntime as ort
path, rows, columns, threads, rounds = sys.argv[1], *map(int, sys.argv[2:])
options = ort.SessionOptions()
options.intra_op_num_threads = threads
session = ort.InferenceSession(path, options)
x = np.random.default_rng(0).standard_normal((rows, columns), np.float32)
times = []
for _ in range(rounds + 1):
    start = time.perf_counter()
    session.run(["log_prob"], {"x": x})
    times.append(time.perf_counter() - start)
print(sorted(times[1:])[rounds // 2])
`;

/**
 * Times the scorer of a table's model on rows of 10 columns: as an exported file in onnxruntime-node,
 * in Python's onnxruntime where python3 has it, and by the runner that it came from.
 */
export async function benchExport(args: readonly string[]): Promise<void> {
  const options = wholeNumbers(args, { rows: 1000, columns: 10, threads: 2, rounds: 5 });
  const { rows, columns, threads, rounds } = options;
  const engine = await nodeEngine({ threads });
  const folder = mkdtempSync(join(tmpdir(), "iresnet-bench-"));
  try {
    const random = Random.fromSeed(1);
    const model = iResNetDensity(tableRecipe({ rows: 2000, columns }).model);
    const arrays = moved(model.scope.initialArrays(random), random);
    const runner = await openModel(model, arrays, { engine });
    const { bytes } = await exportOnnx(runner, { to: "score", logDet: "exact" });
    const path = join(folder, "score.onnx");
    writeFileSync(path, bytes);
    const file = await openOnnxFile(bytes, { threads });
    const x = { shape: [rows, columns], data: random.split("x").normal(rows * columns) };
    const timed = (score: () => Promise<unknown>) => async () => {
      const start = performance.now();
      await score();
      return (performance.now() - start) / 1000;
    };
    const times = await measureInTurn(
      {
        file: timed(() => file.run({ x })),
        runner: timed(() => runner.score(x, { logDet: "exact" })),
      },
      { rounds, uncounted: 1 },
    );
    const python = spawnSync(
      "python3",
      ["-c", peer, path, ...[rows, columns, threads, rounds].map(String)],
      { encoding: "utf8" },
    );
    const rate = (seconds: number): number => round(rows / seconds, 0);
    const result = {
      name: "export",
      file_rows_per_s: rate(median(times.file)),
      runner_rows_per_s: rate(median(times.runner)),
      python_rows_per_s: python.status === 0 ? rate(Number(python.stdout)) : null,
      bytes: bytes.length,
      config: options,
      engine: engine.description,
    };
    process.stdout.write(`${JSON.stringify(result)}\n`);
    if (python.status !== 0) process.stderr.write("bench: python3 has no onnxruntime here\n");
    await file.close();
    await runner.close();
  } finally {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
