import type { Cost } from "./cost.js";
import { floorMs, type Machine } from "./machine.js";
import { total } from "./numbers.js";
import type { ProfiledRun } from "./profiler.js";
import type { DoneWork, WorkOf } from "./work.js";

/** One kind of work, or one operator that does it, in a run. */
export interface Row extends Cost {
  readonly kind: DoneWork["kind"];
  /** Absent in the total of a kind. */
  readonly op?: string;
  readonly count: number;
  readonly ms: number;
}

type Sums = Omit<Row, "kind" | "op">;

/** Means over the runs: each kind of work, the longest first, followed by its operators. */
export function tabulate(runs: readonly ProfiledRun[], workOf: WorkOf): Row[] {
  const done = runs.flatMap(({ operations }) =>
    operations.map((operation) => ({ ...operation, ...workOf(operation) })),
  );
  const mean = (items: typeof done): Sums => ({
    count: items.length / runs.length,
    ms: total(items.map(({ ms }) => ms)) / runs.length,
    flops: total(items.map(({ flops }) => flops)) / runs.length,
    bytes: total(items.map(({ bytes }) => bytes)) / runs.length,
  });
  const byKind = longestFirst(
    groupBy(done, ({ kind }) => kind),
    mean,
  );
  return byKind.flatMap(([kind, sums, items]) => [
    { kind, ...sums },
    ...longestFirst(
      groupBy(items, ({ op }) => op),
      mean,
    ).map(([op, part]) => ({ kind, op, ...part })),
  ]);
}

function longestFirst<K, T>(
  groups: ReadonlyMap<K, T[]>,
  summarise: (items: T[]) => Sums,
): [K, Sums, T[]][] {
  return [...groups]
    .map(([key, items]): [K, Sums, T[]] => [key, summarise(items), items])
    .sort(([, a], [, b]) => b.ms - a.ms);
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

const columns = [24, 7, 10, 9, 9, 9, 10] as const;

const line = (...cells: readonly string[]): string =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(columns[0]) : cell.padStart(columns[i]!))).join("");

/** The rows for people, with the time between operators and that of a run. */
export function formatTable(
  rows: readonly Row[],
  { runMs, machine }: { readonly runMs: number; readonly machine: Machine },
): string {
  const inOperators = total(rows.filter(({ op }) => op === undefined).map(({ ms }) => ms));
  const time = (ms: number): string[] => [ms.toFixed(2), `${((100 * ms) / runMs).toFixed(1)} %`];
  return [
    line("", "count", "ms", "share", "GFLOP", "MiB", "floor ms"),
    ...rows.map((row) =>
      line(
        row.op === undefined ? row.kind : `  ${row.op}`,
        row.count.toFixed(0),
        ...time(row.ms),
        (row.flops / 1e9).toFixed(2),
        (row.bytes / 2 ** 20).toFixed(1),
        floorMs(row, machine).toFixed(2),
      ),
    ),
    line("between operators", "", ...time(runMs - inOperators)),
    line("run", "", ...time(runMs)),
  ].join("\n");
}
