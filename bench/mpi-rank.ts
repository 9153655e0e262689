import { nodeEngine } from "../src/engine/node.js";
import { openMpi, type Mpi } from "../src/mpi/mpi.js";
import { fit } from "../src/train/index.js";
import { mpiCase } from "./mpi-cases.js";
import { median } from "./numbers.js";

/** What one rank tells, in milliseconds. */
export interface RankTimes {
  /** The median step. */
  readonly step: number;
  /** Standard deviation of a step, from its quartiles. */
  readonly deviation: number;
  /** A sum of one number over all ranks. */
  readonly one: number;
  /** A sum of as many numbers as the model has parameters. */
  readonly all: number;
  readonly parameters: number;
  readonly library: string;
}

/** Steps, and sums, before those that count. */
const uncounted = 5;

const sums = 200;

const [, , name = "", batch = "", steps = ""] = process.argv;

/** One rank of a benchmark: rank 0 prints its times. */
async function main(): Promise<void> {
  const mpi = await openMpi();
  const engine = await nodeEngine({ threads: 1 });
  const { model, data, training } = mpiCase(name, Number(batch) * mpi.size);
  const ends: number[] = [];
  const total = uncounted + Number(steps);
  await fit(
    model,
    data,
    { ...training, steps: total },
    { engine, transport: mpi, onProgress: () => ends.push(performance.now()) },
  );
  const parameters = model.scope.variables
    .filter(({ kind }) => kind === "parameter")
    .reduce((sum, { tensor }) => sum + tensor.shape.reduce((size, n) => size * n, 1), 0);
  const [one, all] = [await timeOfSum(mpi, 1), await timeOfSum(mpi, parameters)];
  if (mpi.rank === 0) {
    const times = between(ends).slice(uncounted - 1);
    const sorted = [...times].sort((a, b) => a - b);
    const quartile = (q: number): number => sorted[Math.floor((q / 4) * (sorted.length - 1))]!;
    const deviation = (quartile(3) - quartile(1)) / 1.349;
    const told: RankTimes = {
      ...{ step: median(times), deviation, one, all, parameters },
      library: mpi.name,
    };
    process.stdout.write(`${JSON.stringify(told)}\n`);
  }
  await engine.close();
  await mpi.close();
}

async function timeOfSum(mpi: Mpi, count: number): Promise<number> {
  const ends = [performance.now()];
  for (let i = 0; i < uncounted + sums; i++) {
    await mpi.sum(new Float32Array(count));
    ends.push(performance.now());
  }
  return median(between(ends).slice(uncounted));
}

const between = (times: readonly number[]): number[] =>
  times.slice(1).map((time, i) => time - times[i]!);

await main();
