import { lowerNodes, type Lowerings } from "./lowering.js";
import { castTo, type ValueProto } from "./proto.js";
import { Scope } from "./scope.js";

/** A Loop; what its body needs from outside it finds there by name. */
export const loops: Pick<Lowerings, "loop"> = {
  loop: (node, [steps, begins, ...rest], scope) => {
    const { parameters, results } = node.attributes;
    const states = results.length - 1;
    const captured = new Map(
      parameters.slice(states).map((parameter, i) => [parameter, node.inputs[2 + states + i]!]),
    );
    const body = new Scope(scope.model, {
      scope,
      captured: (parameter) => captured.get(parameter),
    });
    const carried = parameters.slice(0, states).map((parameter): ValueProto => {
      const name = scope.model.fresh("state");
      body.bind(parameter, name);
      return { name, type: "float", shape: parameter.shape };
    });
    lowerNodes(results, body);
    const next = results.slice(0, -1).map((result) => body.emit("Identity", [body.nameOf(result)]));
    const goOn = body.emit("Greater", [body.nameOf(results.at(-1)!), body.float(0)]);

    const rounded = scope.emit("Floor", [scope.emit("Add", [steps!, scope.float(0.5)])]);
    const count = scope.emit("Cast", [rounded], { to: castTo("int64") });
    const outputs = carried.map(() => scope.model.fresh("last"));
    scope.nodes.push({
      opType: "Loop",
      domain: "",
      inputs: [count, scope.emit("Greater", [begins!, scope.float(0)]), ...rest.slice(0, states)],
      outputs,
      attributes: {
        body: {
          name: scope.model.fresh("body"),
          nodes: body.nodes,
          initializers: [],
          inputs: [
            { name: scope.model.fresh("i"), type: "int64", shape: [] },
            { name: scope.model.fresh("condition"), type: "bool", shape: [] },
            ...carried,
          ],
          outputs: [
            { name: goOn, type: "bool", shape: [] },
            ...carried.map(({ shape }, i): ValueProto => ({
              name: next[i]!,
              type: "float",
              shape,
            })),
          ],
        },
      },
    });
    const flat = outputs.map((name) => scope.reshape(name, [-1]));
    return scope.emit("Concat", flat, { axis: 0 });
  },
};
