import { existsSync } from "node:fs";
import { appendFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { FileError } from "../errors.js";
import { writeFileAtomic } from "../files/atomic-file.js";
import { writeError } from "../files/file-errors.js";
import { readText } from "../files/read-file.js";
import { parseJsonObject } from "../json.js";

/** Numbers measured at one step, such as `{ step: 100, loss: 1.9 }`. */
export interface MetricsRecord {
  readonly step: number;
  readonly [name: string]: number;
}

/**
 * Appends a record to a file of JSON lines; a missing file or folder is made.
 * A number that isn't finite is written as null.
 *
 * @throws {FileError} if the file cannot be written.
 */
export async function appendMetrics(path: string, record: MetricsRecord): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await appendFile(path, formatLine(record));
  } catch (error) {
    throw writeError(path, error);
  }
}

/**
 * Reads all records. A last line without its end, left by a killed process, is ignored; null
 * becomes NaN.
 *
 * @throws {FileError} if the file is missing, or another line is no record.
 */
export async function readMetrics(path: string): Promise<MetricsRecord[]> {
  const text = await readText(path, { expected: "the metrics of a run" });
  return text
    .split("\n")
    .slice(0, -1)
    .map((line, i) => parseLine(line, `${path}:${i + 1}`));
}

/**
 * Drops, atomically, the records after `step` and a torn last line. A run that resumes from a
 * checkpoint calls it with the checkpoint's step before it appends, so that no step comes twice.
 * A missing file stays missing.
 *
 * @throws {FileError} if the file cannot be read or written.
 */
export async function truncateMetrics(path: string, step: number): Promise<void> {
  if (!existsSync(path)) return;
  const kept = (await readMetrics(path)).filter((record) => record.step <= step);
  await writeFileAtomic(path, kept.map(formatLine).join(""));
}

function formatLine(record: MetricsRecord): string {
  return `${JSON.stringify(record)}\n`;
}

function parseLine(line: string, where: string): MetricsRecord {
  const { step, ...values } = parseJsonObject(line) ?? {};
  const numbers = Object.entries(values).map(([name, value]) => [name, value ?? NaN] as const);
  if (typeof step !== "number" || !numbers.every(isNumeric)) {
    throw new FileError(
      `${where}: expected a JSON object of numbers with a step, got ${line.slice(0, 80)}; delete this line`,
    );
  }
  return { step, ...Object.fromEntries(numbers) };
}

function isNumeric(entry: readonly [string, unknown]): entry is readonly [string, number] {
  return typeof entry[1] === "number";
}
