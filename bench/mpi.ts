import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { IresnetError } from "../src/errors.js";
import { measureInTurn } from "./in-turn.js";
import { mpiCases } from "./mpi-cases.js";
import { median, round } from "./numbers.js";
import { wholeNumbers } from "./options.js";

const script = fileURLToPath(new URL("./mpi-rank.js", import.meta.url));

interface Measured {
  readonly step_ms: number;
  readonly parameters: number;
  readonly engine: string;
}

/**
 * Times a step on one rank of one core and on several, each with the same batch: their efficiency is
 * the first time over the second.
 */
export async function benchMpi(args: readonly string[]): Promise<void> {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true, strict: false });
  const names = Object.keys(mpiCases) as (keyof typeof mpiCases)[];
  const chosen = names.filter((name) => positionals.includes(name));
  const options = wholeNumbers(
    args.filter((arg) => !names.some((name) => name === arg)),
    { ranks: 2, steps: 40, rounds: 3 },
  );
  for (const name of chosen.length > 0 ? chosen : names) {
    const { ranks, steps, rounds } = options;
    const batch = mpiCases[name];
    let last: Measured | undefined;
    const timeOn = (count: number) => async () => {
      last = await run(name, count, batch, steps);
      return last.step_ms;
    };
    const times = await measureInTurn({ one: timeOn(1), several: timeOn(ranks) }, { rounds });
    const [one, several] = [median(times.one), median(times.several)];
    const result = {
      name: `mpi ${name}`,
      one_rank_ms: round(one, 2),
      ranks_ms: round(several, 2),
      efficiency: round(one / several, 3),
      parameters: last!.parameters,
      config: { batch, ranks, steps, rounds },
      engine: last!.engine,
    };
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
}

/** @throws {IresnetError} if the ranks don't run. */
async function run(name: string, ranks: number, batch: number, steps: number): Promise<Measured> {
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
  return JSON.parse(stdout) as Measured;
}
