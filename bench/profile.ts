import { simplifyGraph } from "../src/engine/compile.js";
import { allTensors, toProgram } from "../src/engine/program.js";
import { costOf, inputShapes, kindsOfWork, type Cost } from "../src/graph/index.js";
import { ndarray, sizeOf, type Arrays } from "../src/tree.js";
import { tracedStep, type Case } from "./cases.js";
import { floorMs, measureMachine, type Machine } from "./machine.js";
import { median, round, total } from "./numbers.js";
import { parseMeasurement } from "./options.js";
import { profile, type ProfiledRun } from "./profiler.js";
import { detectTarget, LocalSession } from "./session.js";
import { workRecogniser, type DoneWork } from "./work.js";

/** One kind of work, or one operator that does it, in one run. */
export interface Row extends Cost {
  readonly kind: DoneWork["kind"];
  /** Absent in the total of a kind. */
  readonly op?: string;
  readonly count: number;
  readonly ms: number;
}

/** Tells by ONNX Runtime's own profiler what a training step spends its time on. */
export async function benchProfile(args: readonly string[]): Promise<void> {
  const { name, test, batch, threads, rounds } = parseMeasurement(args);
  const target = await detectTarget(threads);
  const graph = simplifyGraph(tracedStep(test));
  const tensors = allTensors(graph);
  const program = toProgram(graph, { target });
  const arrays = stepArrays(test, inputShapes(tensors));
  const machine = await measureMachine(threads);
  const plain = await timeRuns(await LocalSession.create(program, threads), arrays, rounds);
  const runs = await profile(program, arrays, { threads, rounds });
  const rows = tabulate(runs, workRecogniser(Object.values(tensors)));
  const needed = costOf(tensors);
  const result = {
    name,
    step_ms: round(plain, 1),
    profiled_ms: round(median(runs.map(({ ms }) => ms)), 1),
    floor_ms: round(total(kindsOfWork.map((kind) => floorMs(needed[kind], machine))), 1),
    peak_gflops_per_s: round(machine.gflopsPerS, 0),
    peak_gb_per_s: round(machine.gigabytesPerS, 1),
    rows: rows.map(({ ms, flops, bytes, ...row }) => ({
      ...row,
      ms: round(ms, 2),
      gflop: round(flops / 1e9, 3),
      mib: round(bytes / 2 ** 20, 1),
      floor_ms: round(floorMs({ flops, bytes }, machine), 2),
    })),
    needed: Object.fromEntries(
      kindsOfWork.map((kind) => {
        const { flops, bytes } = needed[kind];
        const floor = floorMs(needed[kind], machine);
        return [
          kind,
          {
            gflop: round(flops / 1e9, 3),
            mib: round(bytes / 2 ** 20, 1),
            floor_ms: round(floor, 2),
          },
        ];
      }),
    ),
    config: { ...test.config, batch, threads, rounds },
    target,
  };
  process.stderr.write(`${table(rows, runs, machine)}\n`);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** What a step is run with: values before the first step, a batch, and noise. */
function stepArrays(
  { model, args, random }: Case,
  inputs: Readonly<Record<string, readonly number[]>>,
): Arrays {
  const known: Arrays = { ...model.scope.initialArrays(random), ...args };
  return Object.fromEntries(
    Object.entries(inputs).map(([name, shape]) => [
      name,
      known[name] ?? ndarray(random.split(name).uniform(sizeOf(shape)), shape),
    ]),
  );
}

/** Median milliseconds of a run, after a first, uncounted one. */
async function timeRuns(session: LocalSession, arrays: Arrays, rounds: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i <= rounds; i++) {
    const start = performance.now();
    await session.run(arrays);
    if (i > 0) times.push(performance.now() - start);
  }
  await session.release();
  return median(times);
}

/** Means over the runs: each kind of work, the longest first, followed by its operators. */
export function tabulate(
  runs: readonly ProfiledRun[],
  workOf: ReturnType<typeof workRecogniser>,
): Row[] {
  const done = runs.flatMap(({ operations }) =>
    operations.map(({ op, ms, ...shapes }) => ({ op, ms, ...workOf({ op, ms, ...shapes }) })),
  );
  const mean = (items: typeof done): Omit<Row, "kind"> => ({
    count: items.length / runs.length,
    ms: total(items.map(({ ms }) => ms)) / runs.length,
    flops: total(items.map(({ flops }) => flops)) / runs.length,
    bytes: total(items.map(({ bytes }) => bytes)) / runs.length,
  });
  return longestFirst(
    groupBy(done, ({ kind }) => kind),
    mean,
  ).flatMap(([kind, row, items]) => [
    { kind, ...row },
    ...longestFirst(
      groupBy(items, ({ op }) => op),
      mean,
    ).map(([op, part]) => ({ kind, op, ...part })),
  ]);
}

function longestFirst<K, T, R extends { readonly ms: number }>(
  groups: ReadonlyMap<K, T[]>,
  summarise: (items: T[]) => R,
): [K, R, T[]][] {
  return [...groups]
    .map(([key, items]): [K, R, T[]] => [key, summarise(items), items])
    .sort(([, a], [, b]) => b.ms - a.ms);
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(item);
  }
  return groups;
}

function table(rows: readonly Row[], runs: readonly ProfiledRun[], machine: Machine): string {
  const run = total(runs.map(({ ms }) => ms)) / runs.length;
  const operators = total(rows.filter(({ op }) => op === undefined).map(({ ms }) => ms));
  const line = (what: string, count: string, ms: number, rest = ""): string =>
    what.padEnd(24) +
    count.padStart(7) +
    ms.toFixed(2).padStart(10) +
    `${((100 * ms) / run).toFixed(1)} %`.padStart(9) +
    rest;
  const head =
    "".padEnd(24) +
    ["count", "ms", "share", "GFLOP", "MiB", "floor ms"]
      .map((title, i) => title.padStart([7, 10, 9, 9, 9, 10][i]!))
      .join("");
  return [
    head,
    ...rows.map((row) =>
      line(
        row.op === undefined ? row.kind : `  ${row.op}`,
        row.count.toFixed(0),
        row.ms,
        (row.flops / 1e9).toFixed(2).padStart(9) +
          (row.bytes / 2 ** 20).toFixed(1).padStart(9) +
          floorMs(row, machine).toFixed(2).padStart(10),
      ),
    ),
    line("between operators", "", run - operators),
    line("run", "", run),
  ].join("\n");
}
