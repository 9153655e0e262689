import { writeFileInPieces } from "../data/writers/node-writer.js";
import { tableFile } from "../data/writers/index.js";
import { madeTable, type Table } from "../data/table.js";
import { UsageError } from "../errors.js";
import type { Runner } from "../runner/index.js";
import { sampleTable, type SampleTableOptions } from "../tables/index.js";
import type { NumberArray } from "../tree.js";
import { counter, type Watch } from "./listener.js";

/** Most rows that are drawn at once. */
const rowsAtOnce = 2000;

/** Draws `count` rows from the `first`-th on. */
export type Draw = (count: number, first: number) => Promise<Table>;

/** Draws of a model of vectors, in the terms of its table if it has one. */
export function drawRows(runner: Runner, options: Omit<SampleTableOptions, "first">): Draw {
  if (runner.data?.table) {
    return (count, first) => sampleTable(runner, count, { ...options, first });
  }
  const { condition, ...plain } = options;
  if (condition) throw new UsageError("drawRows: expected a condition for a table alone, got one");
  return async (count, first) => numberTable(await runner.sample(count, { ...plain, first }));
}

/**
 * Draws rows and writes them as they come, to a file whose ending decides its format, see
 * `tableFile`. More rows begin with the fewer. A signal ends it by its reason, and leaves nothing.
 *
 * @throws {UsageError} if rows can't be written to a file of this ending.
 * @throws {FileError} if the file can't be written; an old one is then untouched.
 */
export async function writeSamples(
  path: string,
  count: number,
  draw: Draw,
  watch: Watch,
): Promise<void> {
  await writeFileInPieces(path, tableFile(path, drawn(count, draw, watch), count));
}

async function* drawn(
  count: number,
  draw: Draw,
  { listener, signal }: Watch,
): AsyncGenerator<Table> {
  const onProgress = counter(listener, { label: "sample", unit: "rows" });
  for (let first = 0; first < count; first += rowsAtOnce) {
    signal.throwIfAborted();
    const rows = Math.min(rowsAtOnce, count - first);
    yield await draw(rows, first);
    onProgress(first + rows, count);
  }
}

/** Rows `[n, D]` under the names x0, x1, ... */
function numberTable({ shape: [rows = 0, width = 0], data }: NumberArray): Table {
  const columns = Array.from({ length: width }, (_, c) => ({
    name: `x${c}`,
    kind: "number" as const,
    values: Float64Array.from({ length: rows }, (_, row) => data[row * width + c]!),
  }));
  return madeTable("samples", rows, columns);
}
