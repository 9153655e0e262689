import { execFileSync } from "node:child_process";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTable } from "../src/data/readers/index.js";
import { fileSource } from "../src/data/readers/node-source.js";
import { readTable, type TableReader } from "../src/data/table.js";
import { csvText } from "../src/data/writers/index.js";
import { writeFileInPieces } from "../src/data/writers/node-writer.js";
import { nodeEngine } from "../src/engine/node.js";
import { exportOnnx } from "../src/export/index.js";
import { Random } from "../src/random.js";
import { openRunner, type AnyRunner } from "../src/runner/index.js";
import {
  fitTable,
  recordsTable,
  scoreReader,
  scoreTable,
  tableData,
  tableKinds,
} from "../src/tables/index.js";
import { measureInTurn } from "./in-turn.js";
import { median, round } from "./numbers.js";
import { wholeNumbers } from "./options.js";
import { findPython, peerScript } from "./python.js";

/** Rows that the model is of: its speed doesn't depend on what it learned. */
const trainingRows = 500;
const calls = 500;

/**
 * Times the scoring of a CSV file of numbers, from file to file, and of one row in hand again and again.
 * It computes on one thread beside the calling one: for one core run it under `taskset -c 0`.
 */
export async function benchScore(args: readonly string[]): Promise<void> {
  const { rows, columns, rounds } = wholeNumbers(args, { rows: 50_000, columns: 20, rounds: 3 });
  const folder = await mkdtemp(join(tmpdir(), "iresnet-bench-"));
  const engine = await nodeEngine({ threads: 1 });
  try {
    const [train, file] = [join(folder, "train.csv"), join(folder, "rows.csv")];
    await writeFile(train, csvOf(trainingRows, columns, 1));
    await writeFile(file, csvOf(rows, columns, 2));
    const data = tableData(await readTable(await openTable(await fileSource(train))));
    const fitted = await fitTable(data, { engine, steps: 4, onWarning: () => undefined });
    const runner = await openRunner(fitted!.checkpoint, { engine });
    const model = join(folder, "score.onnx");
    await writeFile(model, (await exportOnnx(runner, { to: "score" })).bytes);
    const files = { train, file, out: join(folder, "scores.csv"), model };
    const python = findPython("onnxruntime", "numpy");
    if (python === undefined) process.stderr.write("bench: no python3 with onnxruntime here\n");
    const measures: Record<string, () => Promise<number>> = {
      ours: () => fileSeconds(runner, files),
      ...(python !== undefined && {
        python: () => Promise.resolve(pythonSeconds(python, files)),
      }),
    };
    const times = await measureInTurn(measures, { rounds });
    const seconds = median(times.ours!);
    const { size } = await stat(file);
    const result = {
      name: "score",
      rows_per_second: round(rows / seconds, 0),
      python_rows_per_second: times.python ? round(rows / median(times.python), 0) : null,
      mb_per_second: round(size / 1e6 / seconds, 2),
      seconds: round(seconds, 2),
      ...(await rowMilliseconds(runner, columns)),
      config: { rows, columns, rounds, bytes: size },
      engine: engine.description,
    };
    process.stdout.write(`${JSON.stringify(result)}\n`);
    await runner.close();
  } finally {
    await engine.close();
    await rm(folder, { recursive: true });
  }
}

interface ScoredFiles {
  readonly train: string;
  readonly file: string;
  readonly out: string;
  /** The exported scorer. */
  readonly model: string;
}

async function fileSeconds(runner: AnyRunner, { train, file, out }: ScoredFiles): Promise<number> {
  const kinds = tableKinds(runner.data!.table!);
  const open = async (path: string): Promise<TableReader> =>
    openTable(await fileSource(path), { kinds, invalid: "missing" });
  // The first batch compiles the model.
  await scoreTable(runner, await readTable(await open(train)));
  const started = performance.now();
  await writeFileInPieces(out, csvText(scoreReader(runner, await open(file))));
  return (performance.now() - started) / 1000;
}

/** Python's ONNX Runtime with the exported scorer, on one thread, and NumPy's reader and writer. */
function pythonSeconds(python: string, { file, out, model }: ScoredFiles): number {
  const args = [peerScript("score_file.py"), model, file, `${out}.py`, "1"];
  return Number(execFileSync(python, ["-B", ...args], { encoding: "utf8" }));
}

/** How long one row takes, as a server would score it: half of the calls, and 99 %, take at most this. */
async function rowMilliseconds(
  runner: AnyRunner,
  columns: number,
): Promise<{ row_ms_p50: number; row_ms_p99: number }> {
  const plan = runner.data!.table!;
  const values = valuesOf(calls, columns, 3);
  const times: number[] = [];
  for (const row of values) {
    const started = performance.now();
    const record = Object.fromEntries(row.map((value, c) => [`x${c}`, value]));
    await scoreTable(runner, recordsTable([record], plan));
    times.push(performance.now() - started);
  }
  const sorted = times.slice(calls / 10).sort((a, b) => a - b);
  const at = (part: number): number => round(sorted[Math.floor(part * sorted.length)]!, 2);
  return { row_ms_p50: at(0.5), row_ms_p99: at(0.99) };
}

/** Columns of which each depends on the one before it. */
function valuesOf(rows: number, columns: number, seed: number): number[][] {
  const normals = Random.fromSeed(seed).normal(rows * columns);
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, c) => {
      const at = row * columns + c;
      return normals[at]! + (c === 0 ? 0 : normals[at - 1]!);
    }),
  );
}

function csvOf(rows: number, columns: number, seed: number): string {
  const names = Array.from({ length: columns }, (_, c) => `x${c}`).join();
  const lines = valuesOf(rows, columns, seed).map((row) =>
    row.map((value) => value.toFixed(4)).join(),
  );
  return [names, ...lines, ""].join("\n");
}
