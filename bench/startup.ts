import { simplifyGraph } from "../src/engine/compile.js";
import { toProgram } from "../src/engine/program.js";
import { tracedStep } from "./cases.js";
import { round, total } from "./numbers.js";
import { parseMeasurement } from "./options.js";
import { detectTarget, LocalSession } from "./session.js";

/** Times once, as a fresh process does it, what comes before the first step. */
export async function benchStartup(args: readonly string[]): Promise<void> {
  const { name, test, batch, threads } = parseMeasurement(args);
  const ms: Record<string, number> = {};
  const timed = async <T>(phase: string, work: () => T | Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work();
    ms[phase] = performance.now() - start;
    return result;
  };
  const target = await timed("probe", () => detectTarget(threads));
  const traced = await timed("trace", () => tracedStep(test));
  const graph = await timed("simplify", () => simplifyGraph(traced));
  const program = await timed("emit", () => toProgram(graph, { target }));
  const session = await timed("session", () => LocalSession.create(program, threads));
  await session.close();
  const { probe = 0, ...phases } = ms;
  const result = {
    name: `startup ${name}`,
    probe_ms: round(probe, 0),
    ...Object.fromEntries(
      Object.entries(phases).map(([phase, took]) => [`${phase}_ms`, round(took, 0)]),
    ),
    total_ms: round(total(Object.values(phases)), 0),
    model_mib: round(program.bytes.length / 2 ** 20, 2),
    config: { ...test.config, batch, threads },
    target,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
