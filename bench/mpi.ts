import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expectOneOf } from "../src/border/options.js";
import { IresnetError } from "../src/errors.js";
import { networkOf, slowest } from "./cost-model.js";
import { measureInTurn } from "./in-turn.js";
import { gflopOf, mpiCase, mpiCases } from "./mpi-cases.js";
import type { RankTimes } from "./mpi-rank.js";
import { median, round } from "./numbers.js";
import { wholeNumbers } from "./options.js";

const script = fileURLToPath(new URL("./mpi-rank.js", import.meta.url));

/**
 * Times a step on one rank of one core and on several, each with the same batch: their efficiency is
 * the first time over the second. Beside it stands what the model of docs/scale.md makes of one
 * rank's steps and of sums alone.
 */
export async function benchMpi(args: readonly string[]): Promise<void> {
  const names = Object.keys(mpiCases) as (keyof typeof mpiCases)[];
  const at = args.indexOf("--model");
  const model = at < 0 ? undefined : expectOneOf(args[at + 1], names, "--model");
  const others = args.filter((_, i) => at < 0 || i < at || i > at + 1);
  const options = wholeNumbers(others, { ranks: 2, steps: 40, rounds: 3 });
  for (const name of model ? [model] : names) {
    const { ranks, steps, rounds } = options;
    const batch = mpiCases[name];
    const told: Record<"one" | "several", RankTimes[]> = { one: [], several: [] };
    const timeOn = (count: number, kind: "one" | "several") => async () => {
      const times = await run(name, count, batch, steps);
      told[kind].push(times);
      return times.step;
    };
    await measureInTurn({ one: timeOn(1, "one"), several: timeOn(ranks, "several") }, { rounds });
    const of = (kind: "one" | "several", what: Exclude<keyof RankTimes, "library">): number =>
      median(told[kind].map((times) => times[what]));
    const [one, several] = [of("one", "step"), of("several", "step")];
    const { parameters, library } = told.several[0]!;
    const sum = of("several", "all");
    const modelled = one + slowest(ranks, of("one", "deviation")) + sum;
    const network = networkOf({ one: of("several", "one"), all: sum }, parameters);
    const gflop = gflopOf(mpiCase(name, batch), batch);
    const result = {
      name: `mpi ${name}`,
      gflop: round(gflop, 3),
      gflops_per_s: round(gflop / (one / 1000), 1),
      one_rank_ms: round(one, 2),
      ranks_ms: round(several, 2),
      efficiency: round(one / several, 3),
      modelled: round(one / modelled, 3),
      sum_ms: round(sum, 3),
      latency_us: round(network.latency, 1),
      mb_per_s: round(network.bandwidth, 0),
      parameters,
      config: { batch, ranks, steps, rounds },
      engine: library,
    };
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
}

/** @throws {IresnetError} if the ranks don't run. */
async function run(name: string, ranks: number, batch: number, steps: number): Promise<RankTimes> {
  const command = ["--allow-run-as-root", "--bind-to", "core", "-np", String(ranks)];
  const numbers = [name, String(batch), String(steps)];
  const { stdout } = await promisify(execFile)("mpirun", [
    ...command,
    process.execPath,
    script,
    ...numbers,
  ]).catch((cause: unknown) => {
    throw new IresnetError(
      `bench: expected mpirun with ${ranks} cores to run, got ${cause instanceof Error ? cause.message : String(cause)}; install Open MPI (apt-get install openmpi-bin) and koffi`,
      { cause },
    );
  });
  return JSON.parse(stdout) as RankTimes;
}
