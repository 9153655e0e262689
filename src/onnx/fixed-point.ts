import { lowerNodes, type Lowerings } from "./lowering.js";
import { castTo } from "./proto.js";
import { Scope } from "./scope.js";

/** A Loop; what its body needs from outside it finds there by name. */
export const iteration: Pick<Lowerings, "fixedPoint"> = {
  fixedPoint: (node, [start, steps, tolerance], scope) => {
    const { parameters, result } = node.attributes;
    const [x, ...captures] = parameters;
    const outside = new Map(captures.map((parameter, i) => [parameter, node.inputs[3 + i]!]));
    const body = new Scope(scope.model, { scope, captured: (parameter) => outside.get(parameter) });
    const iterate = scope.model.fresh("x");
    body.bind(x!, iterate);
    lowerNodes([result], body);

    const next = scope.model.fresh("next");
    body.emitAs(next, "Identity", [body.nameOf(result)]);
    const axes = node.shape.slice(1).map((_, i) => i + 1);
    const largest = (name: string): string => {
      const size = body.emit("Abs", [name]);
      // An empty list of axes would mean all of them.
      return axes.length === 0 ? size : body.emit("ReduceMax", [size], { axes });
    };
    const change = largest(body.emit("Sub", [next, iterate]));
    const scale = body.emit("Add", [largest(next), body.float(1)]);
    const moves = body.emit("Greater", [change, body.emit("Mul", [tolerance!, scale])]);
    const asFloats = body.emit("Cast", [moves], { to: castTo("float") });
    const anyMoves = body.emit("ReduceMax", [asFloats], { keepdims: 0 });
    const goOn = body.emit("Greater", [anyMoves, body.float(0.5)]);

    const rounded = scope.emit("Floor", [scope.emit("Add", [steps!, scope.float(0.5)])]);
    const count = scope.emit("Cast", [rounded], { to: castTo("int64") });
    return scope.emit("Loop", [count, scope.bool(true), start!], {
      body: {
        name: scope.model.fresh("body"),
        nodes: body.nodes,
        initializers: [],
        inputs: [
          { name: scope.model.fresh("i"), type: "int64", shape: [] },
          { name: scope.model.fresh("condition"), type: "bool", shape: [] },
          { name: iterate, type: "float", shape: node.shape },
        ],
        outputs: [
          { name: goOn, type: "bool", shape: [] },
          { name: next, type: "float", shape: node.shape },
        ],
      },
    });
  },
};
