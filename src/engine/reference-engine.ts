import { closable } from "../closable.js";
import { UsageError } from "../errors.js";
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
} from "./program.js";
import { evaluate, type Float64NDArray } from "./reference.js";

/**
 * Interprets graphs in float64, in the calling thread, and keeps stores in float64: to test models
 * without a runtime, and to tell a runtime's rounding from a mistake.
 */
export function referenceEngine(): Engine {
  return {
    description: "reference interpreter, float64",
    load: (graph) => settle(() => referenceSession(graph)),
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

function referenceSession(graph: Graph): Session {
  const signature = signatureOf(graph);
  const tensors = allTensors(graph);
  return {
    inputs: Object.keys(signature.inputs),
    run: (feeds, store) =>
      settle(() => {
        if (store && !(store instanceof ReferenceStore)) {
          throw new UsageError(
            "Session.run: expected a store of the reference engine, got another's",
          );
        }
        const bound = bindInputs(signature, mapValues(feeds, toFloat64), store?.arrays);
        const values = evaluate(tensors, bound);
        const result = (name: string): Float64NDArray => values[outputName(name)]!;
        if (store && passesGuard(signature.guard, (name) => result(name).data)) {
          for (const name of signature.updates) store.arrays.set(name, values[updateName(name)]!);
        }
        const { outputs } = signature;
        return Object.fromEntries(outputs.map((name) => [name, toFloat32(result(name))]));
      }),
    ...closable(() => Promise.resolve()),
  };
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
