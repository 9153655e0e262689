import { nodeEngine } from "../src/engine/node.js";
import { openMpi } from "../src/mpi/mpi.js";
import { fit } from "../src/train/index.js";
import { mpiCase } from "./mpi-cases.js";
import { median } from "./numbers.js";

/** Steps before those that count. */
const uncounted = 5;

const [, , name = "", batch = "", steps = ""] = process.argv;

/** One rank of a benchmark: rank 0 prints the median milliseconds between the ends of two steps. */
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
  const times = ends.slice(1).map((end, i) => end - ends[i]!);
  if (mpi.rank === 0) {
    const parameters = model.scope.variables
      .filter(({ kind }) => kind === "parameter")
      .reduce((sum, { tensor }) => sum + tensor.shape.reduce((size, n) => size * n, 1), 0);
    const step_ms = median(times.slice(uncounted - 1));
    process.stdout.write(`${JSON.stringify({ step_ms, parameters, engine: mpi.name })}\n`);
  }
  await engine.close();
  await mpi.close();
}

await main();
