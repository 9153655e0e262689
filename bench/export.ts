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
import { ndarray } from "../src/tree.js";
import { moved } from "./cases.js";
import { measureInTurn } from "./in-turn.js";
import { median, round } from "./numbers.js";
import { wholeNumbers } from "./options.js";
import { findPython, Peer } from "./python.js";

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
    const x = ndarray(random.split("x").normal(rows * columns), [rows, columns]);
    const rowsFile = join(folder, "x.bin");
    writeFileSync(rowsFile, x.data);
    const python = findPython("onnxruntime", "numpy");
    if (python === undefined) process.stderr.write("bench: no python3 with onnxruntime here\n");
    const numbers = [rows, columns, threads].map(String);
    const peer =
      python === undefined ? undefined : new Peer(python, "scorer.py", [path, ...numbers]);
    const version = await peer?.ask(rowsFile);
    const timed = (score: () => Promise<unknown>) => async () => {
      const start = performance.now();
      await score();
      return (performance.now() - start) / 1000;
    };
    const measures: Record<string, () => Promise<number>> = {
      file: timed(() => file.run({ x })),
      runner: timed(() => runner.score(x, { logDet: "exact" })),
      ...(peer && { python: async () => Number(await peer.ask("score")) }),
    };
    const times = await measureInTurn(measures, { rounds, uncounted: 2 });
    peer?.stop();
    const rate = (seconds: readonly number[] | undefined): number | null =>
      seconds ? round(rows / median(seconds), 0) : null;
    const result = {
      name: "export",
      file_rows_per_s: rate(times.file),
      runner_rows_per_s: rate(times.runner),
      python_rows_per_s: rate(times.python),
      bytes: bytes.length,
      config: options,
      engine: engine.description,
      python: version ?? null,
    };
    process.stdout.write(`${JSON.stringify(result)}\n`);
    await file.close();
    await runner.close();
  } finally {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
