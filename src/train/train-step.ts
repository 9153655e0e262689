import { closable, type Closable } from "../closable.js";
import { compileTeam, type Store } from "../engine/index.js";
import type { Random } from "../random.js";
import { scalarArray, type Arrays } from "../tree.js";
import { traceStep, type Job } from "./graphs.js";
import { Layout } from "./layout.js";

/** A step of training, by one engine or a team that shares each batch; it keeps the arrays. */
export interface TrainStep extends Closable {
  /**
   * Readies a step; it can be called while another is under way.
   * @param parts of the batch, one for each member of this process
   */
  prepare(parts: readonly Arrays[], at: StepNumbers, noise: Random): ReadyStep;
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
   * Takes the step, and gives its scalars: see {@link traceStep}. Unless loss, gradient and update
   * are finite, all arrays stay as they are.
   */
  run(asks?: { readonly stop: boolean }): Promise<Arrays>;
}

const rateInput = "step.rate";
const numberInput = "step.number";
const stopInput = "step.stop";

/**
 * Loads a step's arrays. Its graph is traced when the first batch is there.
 *
 * Each member has arrays of its own, and updates them by the same sums: they stay equal.
 */
export async function openTrainStep(job: Job, arrays: Arrays): Promise<TrainStep> {
  const { members } = job;
  const layout = new Layout(job.model, job.config);
  const packed = layout.pack(arrays);
  const names = Object.keys(packed);
  const stores: Store[] = [];
  for (const { engine } of members) stores.push(await engine.createStore(packed));
  const compiled = compileTeam(members, (args) => {
    const { [rateInput]: rate, [numberInput]: step, [stopInput]: stop, ...batch } = args;
    return traceStep({ ...job, layout }, { batch, rate: rate!, step: step!, stop: stop! });
  });
  return {
    prepare: (parts, { rate, step }, noise) => {
      const numbers = {
        [rateInput]: scalarArray(rate),
        [numberInput]: scalarArray(step),
        [stopInput]: scalarArray(0),
      };
      const ready = compiled.prepare(
        parts.map((part) => ({ ...part, ...numbers })),
        noise,
      );
      return {
        loaded: ready.loaded,
        run: ({ stop } = { stop: false }) =>
          ready.run(stores, stop ? { [stopInput]: scalarArray(1) } : {}),
      };
    },
    read: async () => layout.unpack(await stores[0]!.read(names)),
    ...closable(async () => {
      await compiled.close();
      for (const store of stores) await store.close();
    }),
  };
}
