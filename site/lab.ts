import { expose, proxy } from "comlink";
import { once } from "./work/once.js";
import { openBench, type Bench, type EngineState } from "./work/bench.js";

/**
 * What each section does in the worker: a file of `site/work/` whose `open(bench)` gives the functions
 * that the section calls. A new section adds one line here.
 */
const tasks = {
  playground: async (bench: Bench) => (await import("./work/playground.js")).open(bench),
  bounds: async (bench: Bench) => (await import("./work/bounds.js")).open(bench),
  inversion: async (bench: Bench) => (await import("./work/inversion.js")).open(bench),
  logdet: async (bench: Bench) => (await import("./work/logdet.js")).open(bench),
  mnist: async (bench: Bench) => (await import("./work/mnist.js")).open(bench),
  table: async (bench: Bench) => (await import("./work/table.js")).open(bench),
};

export type TaskName = keyof typeof tasks;
export type Tasks = { [Name in TaskName]: Awaited<ReturnType<(typeof tasks)[Name]>> };

let told: ((state: EngineState) => void) | undefined;
let state: EngineState = { kind: "idle" };
const bench = openBench((next) => {
  state = next;
  told?.(next);
});

const opened = new Map<TaskName, Promise<object>>();

const lab = {
  watch: (listener: (state: EngineState) => void): void => {
    told = listener;
    listener(state);
  },
  open: async (name: TaskName): Promise<object> =>
    proxy(await once(opened, name, () => tasks[name](bench))),
};

export type Lab = typeof lab;

expose(lab);
