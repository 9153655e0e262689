import { closable, type Closable } from "../closable.js";
import { UsageError } from "../errors.js";
import { input, inputShapes, simplify, type Tensor } from "../graph/index.js";
import { Random, type NoiseKind } from "../random.js";
import { sizeOf, type Arrays, type NDArray, type Shape } from "../tree.js";
import type { Engine, Graph, Session, Store } from "./engine.js";
import { allTensors, outputName, updateName } from "./program.js";

/** The outcome of tracing: a graph, and which of its inputs are noise. */
export interface Traced {
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** New values of stored arrays, by the name they are stored under. */
  readonly updates?: Readonly<Record<string, Tensor>>;
  /** Outputs that must be finite, or no update is stored. */
  readonly guard?: readonly string[];
  /** Inputs drawn afresh for each run, by name. */
  readonly noise?: Readonly<Record<string, NoiseKind>>;
}

/** One run's feeds, noise included, and the session they are for. */
export interface Prepared {
  readonly session: Promise<Session>;
  readonly feeds: Arrays;
}

/** Source of noise: one key for all of it, or one for each row of a batch. */
export type NoiseSource = Random | readonly Random[];

export interface CallOptions {
  /** Holds the inputs that aren't arguments, and takes the updates. */
  readonly store?: Store;
  /** Needed where the graph has noise. */
  readonly random?: NoiseSource;
}

/** A function of arrays that an engine executes. */
export interface Compiled extends Closable {
  /**
   * Readies one run: traces if the arguments have new shapes, and draws each noise from
   * `random.split(name)`. With a key for each row of the batch, row r of each noise is drawn from
   * the r-th key's, so that it doesn't depend on what else is in the batch. It can be called while
   * another run is under way.
   *
   * @throws {UsageError} if the graph needs noise and `random` isn't given, or is a key for each row
   * and a noise hasn't as many.
   */
  prepare(args: Arrays, random?: NoiseSource): Prepared;
  /** @throws what {@link Session.run} throws. */
  run(prepared: Prepared, store?: Store): Promise<Arrays>;
  /** Prepares and runs. */
  call(args: Arrays, options?: CallOptions): Promise<Arrays>;
}

/** Makes the graph of a function, given an input in place of each argument. */
export type Trace = (args: Record<string, Tensor>) => Traced;

/**
 * Makes a traced function executable. `trace` is called once for each set of argument shapes; its
 * inputs that aren't arguments are noise or come from the store.
 */
export function compile(engine: Engine, trace: Trace): Compiled {
  const programs = new ByShapes(trace, (graph) => quietly(loadGraph(engine, graph)));
  const compiled: Compiled = {
    prepare: (args, random) => {
      const { loaded, noises } = programs.of(args);
      return { session: loaded, feeds: { ...args, ...drawNoises(noises, random) } };
    },
    run: async ({ session, feeds }, store) => (await session).run(feeds, store),
    call: async (args, { store, random } = {}) =>
      compiled.run(compiled.prepare(args, random), store),
    ...closable(async () => {
      for (const session of programs.takeAll()) await closeLoaded(session);
    }),
  };
  return compiled;
}

/** What is made of a traced function's graph, for each set of argument shapes. */
export class ByShapes<T> {
  readonly #trace: Trace;
  readonly #load: (graph: Graph) => T;
  readonly #all = new Map<string, { readonly loaded: T; readonly noises: readonly Noise[] }>();

  constructor(trace: Trace, load: (graph: Graph) => T) {
    this.#trace = trace;
    this.#load = load;
  }

  of(args: Arrays): { readonly loaded: T; readonly noises: readonly Noise[] } {
    const names = Object.keys(args).sort();
    const key = JSON.stringify(names.map((name) => [name, args[name]!.shape]));
    let known = this.#all.get(key);
    if (!known) {
      const { graph, noises } = traceGraph(this.#trace, args);
      known = { loaded: this.#load(graph), noises };
      this.#all.set(key, known);
    }
    return known;
  }

  /** All that was made, to be closed. */
  takeAll(): T[] {
    const all = [...this.#all.values()].map(({ loaded }) => loaded);
    this.#all.clear();
    return all;
  }
}

/** Noise that a graph has among its inputs. */
export interface Noise {
  readonly name: string;
  readonly kind: NoiseKind;
  readonly shape: Shape;
}

/** The session of a graph that gives nothing, which runtimes refuse. */
const nothing: Session = {
  inputs: [],
  run: () => Promise.resolve({}),
  ...closable(() => Promise.resolve()),
};

export function loadGraph(engine: Engine, graph: Graph): Promise<Session> {
  const isEmpty = Object.keys(allTensors(graph)).length === 0;
  return isEmpty ? Promise.resolve(nothing) : engine.load(graph);
}

/** A failure to load is told by whoever awaits the session, and a prepared run may never. */
export function quietly(session: Promise<Session>): Promise<Session> {
  session.catch(() => undefined);
  return session;
}

/** Closes a session; one that didn't load has nothing to close. */
export async function closeLoaded(session: Promise<Session>): Promise<void> {
  await (await session.catch(() => undefined))?.close();
}

function traceGraph(trace: Trace, args: Arrays): { graph: Graph; noises: readonly Noise[] } {
  const inputs = Object.entries(args).map(
    ([name, { shape }]) => [name, input(name, shape)] as const,
  );
  const { outputs, updates = {}, guard = [], noise = {} } = trace(Object.fromEntries(inputs));
  const graph = simplifyGraph({ outputs, updates, guard });
  const noises = Object.entries(inputShapes(allTensors(graph))).flatMap(([name, shape]) => {
    const kind = Object.hasOwn(noise, name) ? noise[name] : undefined;
    return kind ? [{ name, kind, shape }] : [];
  });
  return { graph, noises };
}

/** Simplifies outputs and updates as one graph, so that they share what they have in common. */
export function simplifyGraph({ outputs, updates, guard }: Graph): Graph {
  const all = simplify(allTensors({ outputs, updates, guard }));
  const pick = (
    tensors: Readonly<Record<string, Tensor>>,
    nameOf: (name: string) => string,
  ): Record<string, Tensor> =>
    Object.fromEntries(Object.keys(tensors).map((name) => [name, all[nameOf(name)]!]));
  return { outputs: pick(outputs, outputName), updates: pick(updates, updateName), guard };
}

/**
 * Draws noises, one key for all of it or one for each row.
 *
 * @param rank of a batch's equal parts, whose rows these are: the noise of a row is the same however
 * many parts there are, and a scalar's is the same for all
 */
export function drawNoises(
  noises: readonly Noise[],
  random: NoiseSource | undefined,
  rank = 0,
): Record<string, NDArray> {
  const [first] = noises;
  if (first && !random) {
    throw new UsageError(`compile: the graph needs noise (${first.name}); pass \`random\``);
  }
  return Object.fromEntries(
    noises.map((noise) => {
      const { name, kind, shape } = noise;
      const size = sizeOf(shape);
      const data =
        random instanceof Random
          ? random.split(name)[kind](size, shape.length > 0 ? rank * size : 0)
          : drawRows(noise, random!);
      return [name, { shape, data }];
    }),
  );
}

/** One noise, each row from its own key. */
function drawRows({ name, kind, shape }: Noise, keys: readonly Random[]): Float32Array {
  const [rows = 0, ...event] = shape;
  if (rows !== keys.length) {
    throw new UsageError(
      `compile: expected noise of ${keys.length} rows, as there are keys, got ${name} of shape [${shape}]; pass one key for all`,
      { name },
    );
  }
  const size = sizeOf(event);
  const data = new Float32Array(keys.length * size);
  keys.forEach((key, row) => {
    data.set(key.split(name)[kind](size), row * size);
  });
  return data;
}
