import { ShapeError, UsageError } from "../errors.js";
import { inputShapes, type Tensor } from "../graph/index.js";
import { toOnnx, type OnnxOptions } from "../onnx/index.js";
import { sameShape, type Shape } from "../tree.js";
import type { Graph } from "./engine.js";

/** What a run of a graph takes and gives. */
export interface Signature {
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly outputs: readonly string[];
  readonly updates: readonly string[];
  readonly guard: readonly string[];
}

/** A graph as an ONNX model: plain data, that a worker can be sent. */
export interface Program extends Signature {
  readonly bytes: Uint8Array;
}

const outputPrefix = "output:";
const updatePrefix = "update:";

/** Names that a program's outputs and updates have in its model. */
export const outputName = (name: string): string => outputPrefix + name;
export const updateName = (name: string): string => updatePrefix + name;

/** @throws {UsageError | ShapeError} if the graph's names or the shapes of its updates don't fit. */
export function toProgram(graph: Graph, { target }: Pick<OnnxOptions, "target"> = {}): Program {
  const options = { ...(target && { target }), trains: graph.trains === true };
  return { ...signatureOf(graph), bytes: toOnnx(allTensors(graph), options).bytes };
}

/** @throws {UsageError | ShapeError} if the graph's names or the shapes of its updates don't fit. */
export function signatureOf(graph: Graph): Signature {
  const inputs = inputShapes(allTensors(graph));
  const unknown = graph.guard.find((name) => !Object.hasOwn(graph.outputs, name));
  if (unknown !== undefined) {
    throw new UsageError(`graph: expected the guard to name an output, got "${unknown}"`);
  }
  for (const [name, { shape }] of Object.entries(graph.updates)) {
    const stored = inputs[name];
    if (stored && !sameShape(stored, shape)) {
      throw new ShapeError(
        `graph: expected an update of "${name}" in shape [${stored}], got [${shape}]`,
      );
    }
  }
  return {
    inputs,
    outputs: Object.keys(graph.outputs),
    updates: Object.keys(graph.updates),
    guard: graph.guard,
  };
}

/** Outputs and updates under the names they have in the model. */
export function allTensors(graph: Graph): Record<string, Tensor> {
  return Object.fromEntries([
    ...Object.entries(graph.outputs).map(([name, x]) => [outputName(name), x] as const),
    ...Object.entries(graph.updates).map(([name, x]) => [updateName(name), x] as const),
  ]);
}

/**
 * The value of each input, from the feeds or else from the store.
 * @throws {UsageError} if an input is neither fed nor stored, or updates have no store to go to.
 * @throws {ShapeError} if a value hasn't the shape its input has.
 */
export function bindInputs<A extends { readonly shape: Shape }>(
  signature: Signature,
  feeds: Readonly<Record<string, A>>,
  store: ReadonlyMap<string, A> | undefined,
): Record<string, A> {
  if (signature.updates.length > 0 && !store) {
    throw new UsageError(
      `run: expected a store for the updates of ${signature.updates.join(", ")}; pass one`,
    );
  }
  return Object.fromEntries(
    Object.entries(signature.inputs).map(([name, shape]) => {
      const value = Object.hasOwn(feeds, name) ? feeds[name] : store?.get(name);
      if (!value) {
        throw new UsageError(
          `run: expected a value for input "${name}" of shape [${shape}], found none; feed or store one`,
        );
      }
      if (!sameShape(value.shape, shape)) {
        throw new ShapeError(
          `run: expected input "${name}" in shape [${shape}], got [${value.shape}]`,
        );
      }
      return [name, value];
    }),
  );
}

/** Whether all guarded outputs are finite, so that updates may be stored. */
export function passesGuard(
  guard: readonly string[],
  data: (name: string) => Float32Array | Float64Array,
): boolean {
  return guard.every((name) => data(name).every(Number.isFinite));
}

/** @throws {UsageError} if a name isn't stored. */
export function selectStored<A>(
  store: ReadonlyMap<string, A>,
  names: readonly string[] = [...store.keys()],
): Record<string, A> {
  return Object.fromEntries(
    names.map((name) => {
      const value = store.get(name);
      if (!value) {
        throw new UsageError(`Store.read: expected the name of a stored array, got "${name}"`);
      }
      return [name, value];
    }),
  );
}
