import { closable, type Closable } from "../closable.js";
import { compile, compileShares, type Prepared, type Store } from "../engine/index.js";
import { input } from "../graph/index.js";
import type { Random } from "../random.js";
import { scalarArray, type Arrays, type NDArray } from "../tree.js";
import { statisticsOf, traceGradient, traceUpdate, type Job, type Task } from "./graphs.js";
import { Layout } from "./layout.js";

/** A step of training on an engine, or on several that share each batch; it keeps the arrays. */
export interface TrainStep extends Closable {
  /** Readies a step; it can be called while another is under way. */
  prepare(batch: Arrays, at: StepNumbers, noise: Random): ReadyStep;
  /** All arrays, by the names they have in a checkpoint. */
  read(): Promise<Arrays>;
}

export interface StepNumbers {
  /** The learning rate. */
  readonly rate: number;
  /** 1 at first. */
  readonly step: number;
}

export interface ReadyStep {
  /** Settles once the graph is loaded. */
  readonly loaded: Promise<unknown>;
  /**
   * Takes the step, and gives its scalars: see {@link traceUpdate}. Unless loss, gradient and
   * update are finite, all arrays stay as they are.
   */
  run(): Promise<Arrays>;
}

const rateInput = "step.rate";
const numberInput = "step.number";
const nextState = "next.state";

/**
 * Loads a step's arrays. Its graphs are traced when the first batch is there.
 *
 * A step whose forward pass takes statistics of the batch is the first worker's alone: a part of the
 * batch has other statistics than the whole.
 */
export async function openTrainStep(job: Job, arrays: Arrays): Promise<TrainStep> {
  const layout = new Layout(job.model, job.config);
  const packed = layout.pack(arrays);
  const names = Object.keys(packed);
  const workers = statisticsOf(job).length > 0 ? job.workers.slice(0, 1) : job.workers;
  const stores: Store[] = [];
  for (const engine of workers) stores.push(await engine.createStore(packed));
  const task = { ...job, workers, layout };
  const { prepare, close } = stores.length === 1 ? whole(task, stores) : shared(task, stores);
  return {
    prepare,
    read: async () => layout.unpack(await stores[0]!.read(names)),
    ...closable(async () => {
      await close();
      for (const store of stores) await store.close();
    }),
  };
}

type Steps = Pick<TrainStep, "prepare" | "close">;

/** Steps as one graph, on one engine. */
function whole(task: Task & Job, [store]: readonly Store[]): Steps {
  const compiled = compile(task.workers[0]!, (args) => {
    const { [rateInput]: rate, [numberInput]: step, ...batch } = args;
    const { noise, ...gradient } = traceGradient(task, batch);
    return { ...traceUpdate(task, { ...gradient, rate: rate!, step: step! }), noise };
  });
  return {
    prepare: (batch, at, noise) => {
      const prepared = compiled.prepare({ ...batch, ...feedsOf(at) }, noise);
      return { loaded: prepared.session, run: () => compiled.run(prepared, store) };
    },
    close: () => compiled.close(),
  };
}

/**
 * Steps as two graphs, on several engines. Each takes the gradient of its share of the batch; their
 * mean, in the order of the engines, updates the arrays that each has of its own. So the arrays of
 * all stay equal, and results don't depend on who is first.
 */
function shared(task: Task & Job, stores: readonly Store[]): Steps {
  const { workers, layout } = task;
  const gradient = compileShares(workers, (batch) => {
    const { means, state, noise } = traceGradient(task, batch);
    return { outputs: means, ...(state && { updates: { [nextState]: state } }), noise };
  });
  const updates = workers.map((engine) =>
    compile(engine, (args) => {
      const { [rateInput]: rate, [numberInput]: step, ...means } = args;
      const state = layout.state.size > 0 ? input(nextState, [layout.state.size]) : undefined;
      return traceUpdate(task, { means, rate: rate!, step: step!, ...(state && { state }) });
    }),
  );
  const run = async (shares: readonly Prepared[], at: StepNumbers): Promise<Arrays> => {
    const results = await Promise.all(
      shares.map(async ({ session, feeds }, i) => (await session).run(feeds, stores[i])),
    );
    const args = { ...meanOf(results), ...feedsOf(at) };
    const [first] = await Promise.all(
      updates.map((update, i) => update.call(args, { store: stores[i]! })),
    );
    return first!;
  };
  return {
    prepare: (batch, at, noise) => {
      const shares = gradient.prepare(batch, noise);
      return {
        loaded: Promise.all(shares.map(({ session }) => session)),
        run: () => run(shares, at),
      };
    },
    close: async () => {
      for (const compiled of [gradient, ...updates]) await compiled.close();
    },
  };
}

function feedsOf({ rate, step }: StepNumbers): Arrays {
  return { [rateInput]: scalarArray(rate), [numberInput]: scalarArray(step) };
}

/** Mean of the arrays of each name, added in order. */
function meanOf(all: readonly Arrays[]): Arrays {
  const [first, ...rest] = all;
  return Object.fromEntries(
    Object.entries(first!).map(([name, { shape, data }]): [string, NDArray] => {
      const mean = data.slice();
      for (const arrays of rest) {
        const other = arrays[name]!.data;
        for (let i = 0; i < mean.length; i++) mean[i]! += other[i]!;
      }
      for (let i = 0; i < mean.length; i++) mean[i]! /= all.length;
      return [name, { shape, data: mean }];
    }),
  );
}
