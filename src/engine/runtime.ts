import type {
  InferenceSession,
  InferenceSessionFactory,
  Tensor,
  TensorConstructor,
} from "onnxruntime-common";
import { input } from "../graph/index.js";
import { mapValues, sameShape, type Arrays, type NDArray, type Shape } from "../tree.js";
import type { Graph } from "./engine.js";
import {
  bindInputs,
  outputName,
  passesGuard,
  selectStored,
  toProgram,
  updateName,
  type Program,
  type Signature,
} from "./program.js";

/** ONNX Runtime on one device: what differs between Node and a page, the CPU and WebGPU. */
export interface RuntimeOptions {
  /** Of the engine, for messages. */
  readonly name: string;
  readonly ort: {
    readonly InferenceSession: InferenceSessionFactory;
    readonly Tensor: TensorConstructor;
  };
  readonly session: InferenceSession.SessionOptions;
  /** Where stored arrays live. */
  readonly memory: "cpu" | "gpu-buffer";
  /** Whether a run fills CPU tensors that it is given for its results; onnxruntime-web doesn't. */
  readonly fillsGiven: boolean;
}

/** An array where the runtime keeps it. */
interface Held {
  readonly shape: Shape;
  readonly tensor: Tensor;
  /** The session that left it on the GPU. */
  readonly maker?: LoadedProgram;
}

/**
 * A program's session. ONNX Runtime aborts the process when an array on the GPU outlives the
 * session that made it, so a release waits for the last of them.
 */
export class LoadedProgram {
  readonly signature: Signature;
  readonly session: InferenceSession;
  #held = 0;
  #isReleased = false;

  constructor(signature: Signature, session: InferenceSession) {
    this.signature = signature;
    this.session = session;
  }

  hold(tensor: Tensor): Held {
    if (tensor.location === "cpu") return { shape: tensor.dims, tensor };
    this.#held++;
    return { shape: tensor.dims, tensor, maker: this };
  }

  async drop(tensor: Tensor): Promise<void> {
    tensor.dispose();
    this.#held--;
    await this.#end();
  }

  async release(): Promise<void> {
    this.#isReleased = true;
    await this.#end();
  }

  async #end(): Promise<void> {
    if (this.#isReleased && this.#held === 0) await this.session.release();
  }
}

/** Stored arrays by name. */
export class HeldArrays {
  readonly arrays = new Map<string, Held>();
  /**
   * What was replaced on the CPU, in the shape that its name has now: the next run writes there, so
   * that nothing is left to collect.
   */
  readonly #replaced = new Map<string, Tensor>();

  async put(updates: Readonly<Record<string, Held>>): Promise<void> {
    for (const [name, held] of Object.entries(updates)) {
      const last = this.arrays.get(name);
      this.arrays.set(name, held);
      if (last?.maker) await drop(last);
      else if (last && sameShape(last.shape, held.shape)) this.#replaced.set(name, last.tensor);
      else this.#replaced.delete(name);
    }
  }

  /** Where the update of an array may go: nobody reads there. */
  takeReplaced(name: string): Tensor | undefined {
    const tensor = this.#replaced.get(name);
    this.#replaced.delete(name);
    return tensor;
  }

  async clear(): Promise<void> {
    const all = [...this.arrays.values()];
    this.arrays.clear();
    this.#replaced.clear();
    for (const held of all) await drop(held);
  }
}

/** Loads and runs programs, and keeps what they store, on one device and in the calling thread. */
export class Runtime {
  readonly #options: RuntimeOptions;
  readonly #copiers = new Map<string, LoadedProgram>();

  constructor(options: RuntimeOptions) {
    this.#options = options;
  }

  async load({ bytes, ...signature }: Program): Promise<LoadedProgram> {
    const { name, ort, session, memory } = this.#options;
    const places = [
      ...signature.outputs.map((output) => [outputName(output), "cpu"] as const),
      ...signature.updates.map((update) => [updateName(update), memory] as const),
    ];
    try {
      const loaded = await ort.InferenceSession.create(bytes, {
        ...session,
        ...(memory !== "cpu" && { preferredOutputLocation: Object.fromEntries(places) }),
      });
      return new LoadedProgram(signature, loaded);
    } catch (error) {
      throw runtimeError(`${name}: loading`, signature, error);
    }
  }

  /** What `Session.run` promises. Outputs come to the CPU, updates stay where the store is. */
  async run(program: LoadedProgram, feeds: Arrays, store?: HeldArrays): Promise<Arrays> {
    const { signature, session } = program;
    const fed = mapValues(feeds, (array) => this.#fromCpu(array));
    const bound = bindInputs(signature, fed, store?.arrays);
    const place = (name: string): Tensor | null =>
      (this.#options.fillsGiven ? store?.takeReplaced(name) : undefined) ?? null;
    const places = [
      ...signature.outputs.map((name) => [outputName(name), null] as const),
      ...signature.updates.map((name) => [updateName(name), place(name)] as const),
    ];
    let results: InferenceSession.ReturnType;
    try {
      results = await session.run(
        Object.fromEntries(Object.entries(bound).map(([name, { tensor }]) => [name, tensor])),
        Object.fromEntries(places),
      );
    } catch (error) {
      throw runtimeError(`${this.#options.name}: running`, signature, error);
    }
    const outputs = Object.fromEntries(
      signature.outputs.map((name) => [name, toArray(results[outputName(name)]!)]),
    );
    const updates = Object.fromEntries(
      signature.updates.map((name) => [name, program.hold(results[updateName(name)]!)]),
    );
    if (store && passesGuard(signature.guard, (name) => outputs[name]!.data)) {
      await store.put(updates);
    } else {
      for (const held of Object.values(updates)) await drop(held);
    }
    return outputs;
  }

  /** @throws {UsageError} if a name isn't stored. */
  async read(store: HeldArrays, names?: readonly string[]): Promise<Arrays> {
    const held = selectStored(store.arrays, names);
    if (this.#options.memory === "cpu") return mapValues(held, ({ tensor }) => toArray(tensor));
    return this.#copy("outputs", held, {}, store);
  }

  async write(store: HeldArrays, arrays: Arrays): Promise<void> {
    if (this.#options.memory === "cpu") {
      // Copies, since runs will write there: arrays that are given may share their memory.
      const own = mapValues(arrays, ({ data, shape }) => ({ data: data.slice(), shape }));
      await store.put(mapValues(own, (array) => this.#fromCpu(array)));
    } else {
      await this.#copy("updates", arrays, arrays, store);
    }
  }

  async close(): Promise<void> {
    for (const copier of this.#copiers.values()) await copier.release();
    this.#copiers.clear();
  }

  /**
   * Moves arrays from or to the GPU by a program that copies: onnxruntime-node 1.30 aborts when
   * asked for a GPU tensor's data.
   */
  async #copy(
    to: "outputs" | "updates",
    arrays: Readonly<Record<string, { readonly shape: Shape }>>,
    feeds: Arrays,
    store: HeldArrays,
  ): Promise<Arrays> {
    const entries = Object.entries(arrays).map(([name, { shape }]) => [name, shape] as const);
    if (entries.length === 0) return {};
    const key = JSON.stringify([to, entries]);
    const inputs = entries.map(([name, shape]) => [name, input(name, shape)] as const);
    const graph: Graph = { outputs: {}, updates: {}, guard: [], [to]: Object.fromEntries(inputs) };
    const copier = this.#copiers.get(key) ?? (await this.load(toProgram(graph)));
    this.#copiers.set(key, copier);
    return this.run(copier, feeds, store);
  }

  #fromCpu({ data, shape }: NDArray): Held {
    return { shape, tensor: new this.#options.ort.Tensor("float32", data, shape) };
  }
}

async function drop({ tensor, maker }: Held): Promise<void> {
  await maker?.drop(tensor);
}

function toArray({ data, dims }: Tensor): NDArray {
  return { data: data as Float32Array, shape: dims };
}

function runtimeError(doing: string, { outputs, updates }: Signature, cause: unknown): Error {
  const names = [...outputs, ...updates.map((name) => `update of ${name}`)];
  const shown = names.length > 8 ? [...names.slice(0, 8), "..."] : names;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(`${doing} the graph of [${shown.join(", ")}] failed: ${reason}`);
}
