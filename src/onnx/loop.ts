import type { Lowerings } from "./lowering.js";
import { bodyOf, repeat } from "./repeat.js";

export const loops: Pick<Lowerings, "loop"> = {
  loop: (node, [steps, begins, ...rest], scope) => {
    const { parameters, results } = node.attributes;
    const states = parameters.slice(0, results.length - 1);
    const captured = node.inputs.slice(2 + states.length);
    const body = bodyOf(scope, parameters.slice(states.length), captured);
    const names = states.map((state) => {
      const name = scope.model.fresh("state");
      body.bind(state, name);
      return name;
    });
    body.model.lowerer.lower(results, body);
    const carried = states.map(({ shape }, i) => ({
      name: names[i]!,
      shape,
      start: rest[i]!,
      next: body.emit("Identity", [body.nameOf(results[i]!)]),
    }));
    const goOn = body.emit("Greater", [body.nameOf(results.at(-1)!), body.float(0)]);
    const outputs = repeat(scope, body, {
      steps: steps!,
      goesOn: [scope.emit("Greater", [begins!, scope.float(0)]), goOn],
      index: scope.model.fresh("i"),
      carried,
    });
    const flat = outputs.map((name) => scope.reshape(name, [-1]));
    return scope.emit("Concat", flat, { axis: 0 });
  },
};
