import { nodeEngine } from "../engine/node.js";
import { threadCount } from "../engine/start-engine.js";
import { abortable, type Engine } from "../engine/index.js";
import { UsageError } from "../errors.js";
import { secondsPerStep } from "../train/step-time.js";
import type { Listener, Watch } from "./listener.js";
import type { PreparedRun } from "./prepare.js";

/** Engines that take the steps of a run together. */
export type Workers = readonly [Engine, ...Engine[]];

/**
 * Opens a run's workers for as long as `use` takes: as many as its configuration says, or else
 * whichever is faster, the engine alone or workers that share its threads: as many as it has, if they
 * divide a batch equally.
 */
export async function withWorkers<T>(
  engine: Engine,
  prepared: PreparedRun,
  { listener, signal }: Pick<Watch, "listener"> & Partial<Watch>,
  use: (workers: Workers) => Promise<T>,
): Promise<T> {
  const { config } = prepared;
  const { threads, device = "cpu", workers: wanted, training } = config;
  if (device !== "cpu" && (wanted ?? 1) > 1) {
    throw new UsageError(
      `workers: expected 1 on device ${device}, got ${wanted}; more than one need the device cpu`,
    );
  }
  const count = device === "cpu" ? (wanted ?? largestDivisor(training.batchSize, threads)) : 1;
  if (count === 1) return use([engine]);
  const team = await openWorkers(count, threadsEach(threads, count));
  try {
    const isFaster =
      wanted !== undefined || (await outruns(team, engine, prepared, { listener, signal }));
    return await use(isFaster ? team : [engine]);
  } finally {
    for (const worker of team) await worker.close();
  }
}

/** What a run's bits depend on. */
export function describeWorkers([{ description }, ...others]: Workers): string {
  return others.length === 0 ? description : `${others.length + 1} workers of ${description}`;
}

async function openWorkers(count: number, threads: number): Promise<Workers> {
  const first = await nodeEngine({ threads });
  const others = Array.from({ length: count - 1 }, () => nodeEngine({ threads }));
  return [first, ...(await Promise.all(others))];
}

/** Threads of each of so many workers. */
const threadsEach = (threads: number, count: number): number =>
  Math.max(1, Math.floor(threads / count));

async function outruns(
  team: Workers,
  engine: Engine,
  { config, model, data }: PreparedRun,
  { listener, signal }: { readonly listener: Listener; readonly signal: AbortSignal | undefined },
): Promise<boolean> {
  const timed = (workers: Workers): Promise<number> => {
    const [first, ...others] = workers.map((worker) => abortable(worker, signal));
    return secondsPerStep(model, data, config.training, [first!, ...others]);
  };
  const [together, alone] = [await timed(team), await timed([engine])];
  const isFaster = together < alone;
  const each = threadsEach(config.threads, team.length);
  const milliseconds = (seconds: number): string => `${(1000 * seconds).toPrecision(3)} ms`;
  const text = {
    team: `${team.length} workers of ${threadCount(each)}, ${milliseconds(together)} a step`,
    engine: `1 worker of ${threadCount(config.threads)}, ${milliseconds(alone)} a step`,
  };
  listener.note(
    isFaster
      ? `Taking ${text.team}, not ${text.engine}.`
      : `Taking ${text.engine}, not ${text.team}.`,
  );
  return isFaster;
}

/** The largest divisor of `n` that is at most `limit`. */
function largestDivisor(n: number, limit: number): number {
  let divisor = Math.min(n, limit);
  while (n % divisor !== 0) divisor--;
  return divisor;
}
