import type { Tensor } from "../graph/index.js";
import type { Shape } from "../tree.js";
import { castTo, type ValueProto } from "./proto.js";
import { GraphScope } from "./scope.js";

/** What a Loop carries from turn to turn: a float of one shape. */
export interface Carried {
  /** Its name in the body. */
  readonly name: string;
  readonly shape: Shape;
  /** Its value before the first turn, outside. */
  readonly start: string;
  /** Its value after a turn, in the body, made there. */
  readonly next: string;
}

export interface Repetition {
  /** Most turns, a float. */
  readonly steps: string;
  /** Whether to begin, outside, and whether to go on, in the body. */
  readonly goesOn: readonly [string, string];
  /** Name of the number of the turn, in the body. */
  readonly index: string;
  readonly carried: readonly Carried[];
}

/** The scope of a body; what it needs from outside it finds there by name. */
export function bodyOf(
  scope: GraphScope,
  parameters: readonly Tensor[],
  captured: readonly Tensor[],
): GraphScope {
  const outside = new Map(parameters.map((parameter, i) => [parameter, captured[i]!]));
  return new GraphScope(scope.model, { scope, captured: (parameter) => outside.get(parameter) });
}

/** Adds a Loop and gives the names of what it has carried to the end. */
export function repeat(scope: GraphScope, body: GraphScope, repetition: Repetition): string[] {
  const { steps, goesOn, index, carried } = repetition;
  const rounded = scope.emit("Floor", [scope.emit("Add", [steps, scope.float(0.5)])]);
  const count = scope.emit("Cast", [rounded], { to: castTo("int64") });
  const outputs = carried.map(() => scope.model.fresh("last"));
  const float = (name: string, shape: Shape): ValueProto => ({
    name,
    type: "float",
    shape: scope.dimensions(shape),
  });
  scope.nodes.push({
    opType: "Loop",
    domain: "",
    inputs: [count, goesOn[0], ...carried.map(({ start }) => start)],
    outputs,
    attributes: {
      body: {
        name: scope.model.fresh("body"),
        nodes: body.nodes,
        initializers: [],
        inputs: [
          { name: index, type: "int64", shape: [] },
          { name: scope.model.fresh("condition"), type: "bool", shape: [] },
          ...carried.map(({ name, shape }) => float(name, shape)),
        ],
        outputs: [
          { name: goesOn[1], type: "bool", shape: [] },
          ...carried.map(({ next, shape }) => float(next, shape)),
        ],
      },
    },
  });
  return outputs;
}
