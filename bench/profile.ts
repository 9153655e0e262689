import { simplifyGraph } from "../src/engine/compile.js";
import { allTensors, toProgram } from "../src/engine/program.js";
import { inputShapes } from "../src/graph/index.js";
import { ndarray, sizeOf, type Arrays, type Shape } from "../src/tree.js";
import { tracedStep, type Case } from "./cases.js";
import { costOf, kindsOfWork, type Cost } from "./cost.js";
import { floorMs, measureMachine } from "./machine.js";
import { median, round, total } from "./numbers.js";
import { parseMeasurement } from "./options.js";
import { formatTable, tabulate } from "./profile-table.js";
import { profile } from "./profiler.js";
import { detectTarget, LocalSession } from "./session.js";
import { workRecogniser } from "./work.js";

/**
 * Tells by ONNX Runtime's own profiler what a training step spends its time on: `rows` what ran,
 * each with the floor of just that; `needed` what the graph asks for.
 */
export async function benchProfile(args: readonly string[]): Promise<void> {
  const { name, test, batch, threads, rounds } = parseMeasurement(args);
  const target = await detectTarget(threads);
  const graph = simplifyGraph(tracedStep(test));
  const tensors = allTensors(graph);
  const program = toProgram(graph, { target });
  const arrays = stepArrays(test, inputShapes(tensors));
  const machine = await measureMachine({ threads, target });
  const plainMs = await timeRuns(await LocalSession.create(program, threads), arrays, rounds);
  const runs = await profile(program, arrays, { threads, rounds });
  const runMs = total(runs.map(({ ms }) => ms)) / runs.length;
  const rows = tabulate(runs, workRecogniser(Object.values(tensors)));
  const needed = costOf(tensors);
  const figures = (cost: Cost) => ({
    gflop: round(cost.flops / 1e9, 3),
    mib: round(cost.bytes / 2 ** 20, 1),
    floor_ms: round(floorMs(cost, machine), 2),
  });
  const result = {
    name,
    step_ms: round(plainMs, 1),
    profiled_ms: round(runMs, 1),
    floor_ms: round(total(kindsOfWork.map((kind) => floorMs(needed[kind], machine))), 1),
    peak_gflops_per_s: round(machine.gflopsPerS, 0),
    peak_gb_per_s: round(machine.gigabytesPerS, 1),
    rows: rows.map(({ kind, op, count, ms, ...cost }) => ({
      kind,
      op,
      count,
      ms: round(ms, 2),
      ...figures(cost),
    })),
    needed: Object.fromEntries(kindsOfWork.map((kind) => [kind, figures(needed[kind])])),
    config: { ...test.config, batch, threads, rounds },
    target,
  };
  process.stderr.write(`${formatTable(rows, { runMs, machine })}\n`);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** What a step is run with: first values of variables, a batch, and noise. */
function stepArrays(
  { model, args, random }: Case,
  inputs: Readonly<Record<string, Shape>>,
): Arrays {
  const known: Arrays = { ...model.scope.initialArrays(random), ...args };
  return Object.fromEntries(
    Object.entries(inputs).map(([name, shape]) => [
      name,
      known[name] ?? ndarray(random.split(name).normal(sizeOf(shape)), shape),
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
  await session.close();
  return median(times);
}
