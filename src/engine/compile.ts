import { UsageError } from "../errors.js";
import { input, inputShapes, simplify, type Tensor } from "../graph/index.js";
import type { NoiseKind, Random } from "../random.js";
import { sizeOf, type Arrays, type NDArray, type Shape } from "../tree.js";
import type { Engine, Graph, Session, Store } from "./engine.js";
import { allTensors, outputName, updateName } from "./program.js";

/** What tracing gives: a graph, and which of its inputs are noise. */
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

export interface CallOptions {
  /** Holds the inputs that aren't arguments, and takes the updates. */
  readonly store?: Store;
  /** Needed where the graph has noise. */
  readonly random?: Random;
}

/** A function of arrays that an engine executes. */
export interface Compiled {
  /**
   * Readies one run: traces if the arguments have new shapes, and draws each noise from
   * `random.split(name)`. It can be called while another run is under way.
   *
   * @throws {UsageError} if the graph needs noise and `random` isn't given.
   */
  prepare(args: Arrays, random?: Random): Prepared;
  /** @throws what {@link Session.run} throws. */
  run(prepared: Prepared, store?: Store): Promise<Arrays>;
  /** Prepares and runs. */
  call(args: Arrays, options?: CallOptions): Promise<Arrays>;
  /** Releases the sessions. */
  release(): Promise<void>;
}

/**
 * Makes a traced function executable. `trace` is called once for each set of argument shapes, with
 * an input in place of each argument; its other inputs are noise or come from the store.
 */
export function compile(engine: Engine, trace: (args: Record<string, Tensor>) => Traced): Compiled {
  const programs = new Map<string, Loaded>();
  const loaded = (args: Arrays): Loaded => {
    const key = shapesKey(args);
    const program = programs.get(key) ?? load(engine, trace, args);
    programs.set(key, program);
    return program;
  };
  const compiled: Compiled = {
    prepare: (args, random) => {
      const { session, noises } = loaded(args);
      return { session, feeds: { ...args, ...drawAll(noises, random) } };
    },
    run: async ({ session, feeds }, store) => (await session).run(feeds, store),
    call: async (args, { store, random } = {}) =>
      compiled.run(compiled.prepare(args, random), store),
    release: async () => {
      const sessions = [...programs.values()].map(({ session }) => session);
      programs.clear();
      for (const session of sessions) await (await session).release();
    },
  };
  return compiled;
}

interface Loaded {
  readonly session: Promise<Session>;
  readonly noises: readonly Noise[];
}

interface Noise {
  readonly name: string;
  readonly kind: NoiseKind;
  readonly shape: Shape;
}

function shapesKey(args: Arrays): string {
  const names = Object.keys(args).sort();
  return JSON.stringify(names.map((name) => [name, args[name]!.shape]));
}

function load(
  engine: Engine,
  trace: (args: Record<string, Tensor>) => Traced,
  args: Arrays,
): Loaded {
  const inputs = Object.entries(args).map(
    ([name, { shape }]) => [name, input(name, shape)] as const,
  );
  const { outputs, updates = {}, guard = [], noise = {} } = trace(Object.fromEntries(inputs));
  const graph = simplifyGraph({ outputs, updates, guard });
  const noises = Object.entries(inputShapes(allTensors(graph))).flatMap(([name, shape]) => {
    const kind = Object.hasOwn(noise, name) ? noise[name] : undefined;
    return kind ? [{ name, kind, shape }] : [];
  });
  const session = engine.load(graph);
  session.catch(() => undefined); // `run` reports it; a prepared run may never come to that
  return { session, noises };
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

function drawAll(noises: readonly Noise[], random: Random | undefined): Record<string, NDArray> {
  const [first] = noises;
  if (first && !random) {
    throw new UsageError(`compile: the graph needs noise (${first.name}); pass \`random\``);
  }
  return Object.fromEntries(
    noises.map(({ name, kind, shape }) => [
      name,
      { shape, data: random!.split(name)[kind](sizeOf(shape)) },
    ]),
  );
}
