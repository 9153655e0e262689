import { bytesSource, openTable, readTable, type Table } from "../../src/index.js";
import { Random } from "../../src/random.js";

/** Cells of a row, by column. */
export type Cells = Record<string, string>;

/**
 * Rows of a machine's log, as a person would have them: eight columns of different scales, a category,
 * a unix time in milliseconds, a date, true or false, a constant and a name.
 */
export function measurements(rows: number, seed: number): Cells[] {
  const random = Random.fromSeed(seed);
  const normal = (name: string): Float32Array => random.split(name).normal(rows);
  const uniform = (name: string): Float32Array => random.split(name).uniform(rows);
  const [a, b, c] = [normal("a"), normal("b"), normal("c")];
  const [site, time, day, ok] = [uniform("site"), uniform("time"), uniform("day"), uniform("ok")];
  return Array.from({ length: rows }, (_, i) => ({
    name: `sample ${seed}-${i}`,
    length: (1200 + 30 * a[i]!).toFixed(3),
    mass: (0.002 + 0.0003 * (0.8 * a[i]! + 0.6 * b[i]!)).toFixed(8),
    count: String(Math.floor(50 + 10 * Math.abs(b[i]!))),
    temperature: (20 + 5 * c[i]!).toFixed(2),
    site: ["north", "south", "east"][Math.floor(3 * site[i]!)]!,
    when: String(1_700_000_000_000 + Math.floor(3e10 * time[i]!)),
    day: new Date(Date.UTC(2024, 0, 1 + Math.floor(300 * day[i]!))).toISOString().slice(0, 10),
    ok: ok[i]! < 0.5 ? "true" : "false",
    gain: "7",
  }));
}

/** Rows as a CSV file, with a header. */
export function csvOf(rows: readonly Cells[]): string {
  const names = Object.keys(rows[0]!);
  const lines = rows.map((cells) => names.map((name) => cells[name]).join(","));
  return [names.join(","), ...lines, ""].join("\n");
}

/** The table of a CSV file. */
export async function tableOf(
  csv: string,
  options: Parameters<typeof openTable>[1] = {},
): Promise<Table> {
  return readTable(await openTable(bytesSource("my.csv", new TextEncoder().encode(csv)), options));
}
