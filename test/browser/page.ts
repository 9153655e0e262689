import { compile, graph, ndarray, type Arrays } from "../../src/index.js";
import { webEngine, type WebEngineOptions } from "../../src/web.js";
import { trainSmall, useSmall, type SmallFlow } from "../support/small-flows.js";
import { readFile, readPng } from "./read-file.js";
import { scoreFile, type ScoredFile } from "./score-file.js";

/** Arrays as a page can hand them to a test: numbers alone. */
export type Numbers = Readonly<
  Record<string, { shape: readonly number[]; data: readonly number[] }>
>;

/** What a page made of a flow. */
interface PageResult {
  readonly engine: string;
  readonly losses: readonly number[];
  readonly parameters: Numbers;
  readonly used: Numbers;
  readonly stepsPerSecond: number;
  /** Milliseconds: of everything, and the longest time for which the page answered nothing. */
  readonly duration: number;
  readonly longestBlock: number;
}

/** Trains a flow and uses `arrays` in its place, which another device made of it. */
async function runFlow(
  options: WebEngineOptions,
  name: SmallFlow,
  arrays: Numbers,
): Promise<PageResult> {
  const start = performance.now();
  const engine = await webEngine(options);
  let last = performance.now();
  let longestBlock = 0;
  const timer = setInterval(() => {
    longestBlock = Math.max(longestBlock, performance.now() - last);
    last = performance.now();
  }, 5);
  const trained = await trainSmall(engine, name);
  const used = await useSmall(engine, name, fromNumbers(arrays));
  clearInterval(timer);
  await engine.close();
  return {
    engine: engine.description,
    losses: trained.losses,
    parameters: toNumbers(trained.parameters),
    used: toNumbers(used),
    stepsPerSecond: trained.stepsPerSecond,
    duration: performance.now() - start,
    longestBlock,
  };
}

/** The description of an engine, or the error that making it throws. */
async function describeEngine(options: WebEngineOptions): Promise<string> {
  try {
    const engine = await webEngine(options);
    await engine.close();
    return engine.description;
  } catch (error) {
    return String(error);
  }
}

function toNumbers(arrays: Arrays): Numbers {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, data }]) => [name, { shape, data: [...data] }]),
  );
}

function fromNumbers(numbers: Numbers): Arrays {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, { shape, data }]) => [name, ndarray(data, shape)]),
  );
}

/** The w that ten steps down the gradient of |w − x|²/2 from 0, at rate 1/2, lead to. */
async function descend(options: WebEngineOptions, x: readonly number[]): Promise<number[]> {
  const engine = await webEngine(options);
  const shape = [x.length];
  const store = await engine.createStore({
    w: ndarray(
      x.map(() => 0),
      shape,
    ),
  });
  const step = compile(engine, (args) => {
    const w = graph.input("w", shape);
    const slope = graph.sub(w, args.x!);
    return {
      outputs: { loss: graph.div(graph.dot(slope, slope), 2) },
      updates: { w: graph.sub(w, graph.mul(slope, 0.5)) },
      guard: ["loss"],
    };
  });
  for (let i = 0; i < 10; i++) await step.call({ x: ndarray(x, shape) }, { store });
  const { w } = await store.read();
  await engine.close();
  return [...w!.data];
}

/** What a checkpoint of a table makes of a file that a page was handed. */
async function scoreBytes(
  checkpoint: readonly number[],
  file: readonly number[],
): Promise<ScoredFile> {
  const engine = await webEngine({ threads: 1 });
  const scored = await scoreFile(engine, Uint8Array.from(checkpoint), Uint8Array.from(file));
  await engine.close();
  return scored;
}

export const page = { runFlow, describeEngine, descend, readFile, readPng, scoreBytes };
