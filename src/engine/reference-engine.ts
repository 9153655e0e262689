import { closable } from "../closable.js";
import { UsageError } from "../errors.js";
import type { Tensor } from "../graph/index.js";
import { mapValues, type Arrays, type NDArray } from "../tree.js";
import type { Engine, Graph, Session, Store } from "./engine.js";
import {
  allTensors,
  bindInputs,
  outputName,
  passesGuard,
  selectStored,
  signatureOf,
  updateName,
  type Signature,
} from "./program.js";
import { evaluate, type Float64NDArray } from "./reference.js";

/**
 * Interprets graphs in float64, in the calling thread, and keeps stores in float64: to test models
 * without a runtime, and to tell a runtime's rounding from a mistake.
 */
export function referenceEngine(): Engine {
  return {
    description: "reference interpreter, float64",
    load: (graph) => settle(() => new ReferenceSession(graph)),
    createStore: (arrays) => Promise.resolve(new ReferenceStore(arrays)),
    ...closable(() => Promise.resolve()),
  };
}

class ReferenceStore implements Store {
  readonly arrays = new Map<string, Float64NDArray>();

  constructor(arrays: Arrays) {
    this.#add(arrays);
  }

  read(names?: readonly string[]): Promise<Arrays> {
    return settle(() => mapValues(selectStored(this.arrays, names), toFloat32));
  }

  write(arrays: Arrays): Promise<void> {
    this.#add(arrays);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.arrays.clear();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #add(arrays: Arrays): void {
    for (const [name, array] of Object.entries(arrays)) this.arrays.set(name, toFloat64(array));
  }
}

class ReferenceSession implements Session {
  readonly inputs: readonly string[];
  readonly #signature: Signature;
  readonly #tensors: Readonly<Record<string, Tensor>>;

  constructor(graph: Graph) {
    this.#signature = signatureOf(graph);
    this.#tensors = allTensors(graph);
    this.inputs = Object.keys(this.#signature.inputs);
  }

  run(feeds: Arrays, store?: Store): Promise<Arrays> {
    return settle(() => {
      if (store && !(store instanceof ReferenceStore)) {
        throw new UsageError(
          "Session.run: expected a store of the reference engine, got another's",
        );
      }
      const { outputs, updates, guard } = this.#signature;
      const bound = bindInputs(this.#signature, mapValues(feeds, toFloat64), store?.arrays);
      const values = evaluate(this.#tensors, bound);
      const result = (name: string): Float64NDArray => values[outputName(name)]!;
      if (store && passesGuard(guard, (name) => result(name).data)) {
        for (const name of updates) store.arrays.set(name, values[updateName(name)]!);
      }
      return Object.fromEntries(outputs.map((name) => [name, toFloat32(result(name))]));
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** What `make` gives, or the error it throws, as a promise. */
function settle<T>(make: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(make());
  });
}

const toFloat64 = ({ shape, data }: NDArray): Float64NDArray => ({
  shape,
  data: Float64Array.from(data),
});

const toFloat32 = ({ shape, data }: Float64NDArray): NDArray => ({
  shape,
  data: Float32Array.from(data),
});
