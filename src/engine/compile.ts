import { closable, type Closable } from "../closable.js";
import { UsageError } from "../errors.js";
import { input, inputShapes, simplify, type Tensor } from "../graph/index.js";
import { Random, type NoiseKind } from "../random.js";
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

/** A function of arrays that several engines execute, each for its share of the rows. */
export interface CompiledShares extends Closable {
  /**
   * Readies one run of each engine: the i-th of n takes the i-th n-th of the rows (axis 0) of each
   * argument and of each noise, which is drawn for all rows at once; a scalar noise is the same for
   * all. So the noise of a row is the same whatever n is.
   *
   * @throws {UsageError} if a number of rows isn't a multiple of n, or the graph needs noise and
   * `random` isn't given.
   */
  prepare(args: Arrays, random?: NoiseSource): readonly Prepared[];
}

type Trace = (args: Record<string, Tensor>) => Traced;

/**
 * Makes a traced function executable. `trace` is called once for each set of argument shapes, with
 * an input in place of each argument; its other inputs are noise or come from the store.
 */
export function compile(engine: Engine, trace: Trace): Compiled {
  const shares = compileShares([engine], trace);
  const compiled: Compiled = {
    prepare: (args, random) => shares.prepare(args, random)[0]!,
    run: async ({ session, feeds }, store) => (await session).run(feeds, store),
    call: async (args, { store, random } = {}) =>
      compiled.run(compiled.prepare(args, random), store),
    ...closable(() => shares.close()),
  };
  return compiled;
}

/** As {@link compile}, for several engines: `trace` is called with the shapes of one share. */
export function compileShares(engines: readonly Engine[], trace: Trace): CompiledShares {
  const programs = new Map<string, Loaded>();
  const loaded = (args: Arrays): Loaded => {
    const key = shapesKey(args);
    const program = programs.get(key) ?? load(engines, trace, args);
    programs.set(key, program);
    return program;
  };
  return {
    prepare: (args, random) => {
      const count = engines.length;
      const shares = count === 1 ? [args] : splitRows(args, count);
      const { sessions, noises } = loaded(shares[0]!);
      const noise = drawAll(noises, count, random);
      return sessions.map((session, i) => ({ session, feeds: { ...shares[i], ...noise[i] } }));
    },
    ...closable(async () => {
      const sessions = [...programs.values()].flatMap((program) => program.sessions);
      programs.clear();
      for (const session of sessions) await (await session).close();
    }),
  };
}

interface Loaded {
  /** One for each engine. */
  readonly sessions: readonly Promise<Session>[];
  readonly noises: readonly Noise[];
}

interface Noise {
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

function shapesKey(args: Arrays): string {
  const names = Object.keys(args).sort();
  return JSON.stringify(names.map((name) => [name, args[name]!.shape]));
}

function load(engines: readonly Engine[], trace: Trace, args: Arrays): Loaded {
  const inputs = Object.entries(args).map(
    ([name, { shape }]) => [name, input(name, shape)] as const,
  );
  const { outputs, updates = {}, guard = [], noise = {} } = trace(Object.fromEntries(inputs));
  const graph = simplifyGraph({ outputs, updates, guard });
  const noises = Object.entries(inputShapes(allTensors(graph))).flatMap(([name, shape]) => {
    const kind = Object.hasOwn(noise, name) ? noise[name] : undefined;
    return kind ? [{ name, kind, shape }] : [];
  });
  const isEmpty = Object.keys(allTensors(graph)).length === 0;
  const sessions = engines.map((engine) =>
    isEmpty ? Promise.resolve(nothing) : engine.load(graph),
  );
  // `run` reports a failure; a prepared run may never come to that.
  for (const session of sessions) session.catch(() => undefined);
  return { sessions, noises };
}

/** @throws {UsageError} if a number of rows isn't a multiple of `count`. */
function splitRows(args: Arrays, count: number): Arrays[] {
  for (const [name, { shape }] of Object.entries(args)) {
    if (shape.length > 0 && shape[0]! % count === 0) continue;
    throw new UsageError(
      `compileShares: expected rows of ${name} that ${count} engines can share equally, got shape [${shape}]; choose a multiple of ${count}`,
    );
  }
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(
      Object.entries(args).map(([name, { shape, data }]) => [
        name,
        { shape: [shape[0]! / count, ...shape.slice(1)], data: part(data, i, count) },
      ]),
    ),
  );
}

/** The i-th of `count` equal parts, as a copy: what is sent to a worker takes its buffer along. */
function part(data: Float32Array, i: number, count: number): Float32Array {
  const size = data.length / count;
  return count === 1 ? data : data.slice(i * size, (i + 1) * size);
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

/** Noise for each of `count` shares. */
function drawAll(
  noises: readonly Noise[],
  count: number,
  random: NoiseSource | undefined,
): Record<string, NDArray>[] {
  const [first] = noises;
  if (first && !random) {
    throw new UsageError(`compile: the graph needs noise (${first.name}); pass \`random\``);
  }
  const drawn = noises.map(({ name, kind, shape }) => {
    const hasRows = shape.length > 0;
    const data =
      random instanceof Random
        ? random.split(name)[kind](hasRows ? count * sizeOf(shape) : 1)
        : drawRows({ name, kind, shape }, count, random!);
    return { name, shape, of: (i: number) => (hasRows ? part(data, i, count) : data.slice()) };
  });
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(drawn.map(({ name, shape, of }) => [name, { shape, data: of(i) }])),
  );
}

/** One noise, each row from its own key. */
function drawRows(
  { name, kind, shape }: Noise,
  count: number,
  keys: readonly Random[],
): Float32Array {
  const [rows = 0, ...event] = shape;
  if (rows * count !== keys.length) {
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
