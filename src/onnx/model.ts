import { UsageError } from "../errors.js";
import { inputShapes, topologicalOrder, type Tensor } from "../graph/index.js";
import type { Shape } from "../tree.js";
import { lowererFor } from "./lowering.js";
import { needed } from "./needed.js";
import { encodeModel, type Attributes, type NodeProto, type ValueProto } from "./proto.js";
import { ModelScope, GraphScope } from "./scope.js";
import { targets, type Target } from "./targets.js";
import { usersOf } from "./users.js";

/** Versions of the operator sets our lowerings are written for. */
const opsets: Readonly<Record<string, number>> = {
  "": 18,
  "com.microsoft": 1,
  "com.microsoft.nchwc": 1,
};

/** A serialised ONNX model and what it takes. */
export interface OnnxModel {
  readonly bytes: Uint8Array;
  readonly inputs: Readonly<Record<string, Shape>>;
}

export interface OnnxOptions {
  /** Default `portable`. */
  readonly target?: Target;
  /** Whether all its filters are trained, even where other models hold their gradients. */
  readonly trains?: boolean;
}

/**
 * The graph of `outputs` as an ONNX model in float32 whose inputs and outputs have their names.
 * Simplify first.
 *
 * @throws {UsageError} if an output is named like an input, or two inputs of different shapes alike.
 */
export function toOnnx(
  outputs: Readonly<Record<string, Tensor>>,
  { target = "portable", trains = false }: OnnxOptions = {},
): OnnxModel {
  const inputs = inputShapes(outputs);
  const clash = Object.keys(outputs).find((name) => Object.hasOwn(inputs, name));
  if (clash !== undefined) {
    throw new UsageError(
      `toOnnx: expected names of their own for the outputs, got "${clash}", which an input has; rename it`,
    );
  }
  const users = usersOf(topologicalOrder(Object.values(outputs)));
  const names = [...Object.keys(inputs), ...Object.keys(outputs)];
  const model = new ModelScope(lowererFor(targets[target]), users, names, { trains });
  const scope = new GraphScope(model);
  model.lowerer.lower(Object.values(outputs), scope);
  const nodes = needed(withNamedResults(outputs, scope), Object.keys(outputs));
  const hidden = model.hiddenShapes.proto();
  const value = ([name, shape]: [string, Shape]): ValueProto => ({ name, type: "float", shape });
  const bytes = encodeModel({
    graph: {
      name: "iresnet",
      nodes: [...(hidden ? [hidden.node] : []), ...nodes],
      initializers: [...model.initializers, ...(hidden?.initializers ?? [])],
      inputs: [...Object.entries(inputs).map(value), ...(hidden ? [hidden.lengths] : [])],
      outputs: Object.entries(outputs).map(([name, { shape }]) => value([name, shape])),
    },
    opsets: Object.fromEntries([...model.domains].map((domain) => [domain, opsets[domain]!])),
  });
  return { bytes, inputs };
}

/**
 * The operators, with outputs' names for results where they are made; what has another name already,
 * as inputs and constants do, is copied.
 */
function withNamedResults(
  outputs: Readonly<Record<string, Tensor>>,
  scope: GraphScope,
): readonly NodeProto[] {
  const results = Object.entries(outputs).map(
    ([name, tensor]) => [name, scope.nameOf(tensor)] as const,
  );
  const made = new Set(scope.nodes.flatMap((node) => node.outputs));
  const names = new Map<string, string>();
  for (const [name, result] of results) {
    if (made.has(result) && !names.has(result)) names.set(result, name);
    else scope.emitAs(name, "Identity", [result]);
  }
  return scope.nodes.map((node) => renamed(node, names));
}

/** The operator, and those in its body, with other names for values. */
function renamed(node: NodeProto, names: ReadonlyMap<string, string>): NodeProto {
  const rename = (name: string): string => names.get(name) ?? name;
  const attributes = Object.entries(node.attributes).map(([key, value]) => [
    key,
    typeof value === "object" && "nodes" in value
      ? { ...value, nodes: value.nodes.map((inner) => renamed(inner, names)) }
      : value,
  ]);
  return {
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    attributes: Object.fromEntries(attributes) as Attributes,
  };
}
