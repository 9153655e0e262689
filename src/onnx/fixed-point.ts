import { recordFactor, stall } from "../graph/index.js";
import { sizeOf } from "../tree.js";
import { lowerNodes, type Lowerings } from "./lowering.js";
import { castTo, type ValueProto } from "./proto.js";
import { Scope } from "./scope.js";

/** Stands for no record yet: above the square of any |r|₂ that is worth comparing. */
const noRecord = 1e38;

/** A Loop; what its body needs from outside it finds there by name. */
export const iteration: Pick<Lowerings, "fixedPoint"> = {
  fixedPoint: (node, [start, steps, tolerance], scope) => {
    const [x, ...captures] = node.attributes.parameters;
    const result = node.attributes.results[0]!;
    const outside = new Map(captures.map((parameter, i) => [parameter, node.inputs[3 + i]!]));
    const body = new Scope(scope.model, { scope, captured: (parameter) => outside.get(parameter) });
    const { shape } = x!;
    const batch = shape[0]!;
    const perEvent = [batch, 1, 1];
    const size = sizeOf(shape.slice(1));
    const carried = (stem: string, like = shape): ValueProto => ({
      name: scope.model.fresh(stem),
      type: "float",
      shape: like,
    });
    const [iterate, lastF, lastR, record, mark, idle] = [
      carried("x"),
      carried("lastF"),
      carried("lastR"),
      carried("record", perEvent),
      carried("mark", perEvent),
      carried("idle", perEvent),
    ];
    const index = scope.model.fresh("i");
    body.bind(x!, iterate.name);
    lowerNodes([result], body);

    const flat = (name: string, isColumn: boolean): string =>
      body.reshape(name, isColumn ? [batch, size, 1] : [batch, 1, size]);
    const inner = (a: string, b: string): string =>
      body.emit("MatMul", [flat(a, false), flat(b, true)]);

    const f = body.emit("Identity", [body.nameOf(result)]);
    const r = body.emit("Sub", [f, iterate.name]);
    const rr = inner(r, r);
    const bound = body.emit("Mul", [record.name, body.float(recordFactor ** 2)]);
    const isRecord = body.emit("LessOrEqual", [rr, bound]);
    const dr = body.emit("Sub", [r, lastR.name]);
    const drdr = inner(dr, dr);
    const extrapolates = [
      isRecord,
      body.emit("Greater", [drdr, body.float(0)]),
      body.emit("Greater", [index, body.ints([0])]),
    ].reduce((a, b) => body.emit("And", [a, b]));
    const theta = body.emit("Where", [
      extrapolates,
      body.emit("Div", [inner(r, dr), drdr]),
      body.float(0),
    ]);
    const perElement = [batch, ...shape.slice(1).map(() => 1)];
    const change = body.emit("Mul", [
      body.reshape(theta, perElement),
      body.emit("Sub", [f, lastF.name]),
    ]);
    const next = body.emit("Sub", [f, change]);
    const nextRecord = body.emit("Where", [isRecord, rr, record.name]);

    const limit = scope.reshape(tolerance!, perEvent);
    const length = body.emit("Sqrt", [rr]);
    const nearby = scope.emit("Mul", [limit, scope.float(stall.near)]);
    const lower = body.emit("Mul", [mark.name, body.float(recordFactor ** 2)]);
    const progresses = [
      body.emit("Greater", [length, nearby]),
      body.emit("LessOrEqual", [rr, lower]),
    ].reduce((a, b) => body.emit("Or", [a, b]), isRecord);
    const turns = body.emit("Add", [idle.name, body.float(1)]);
    const nextIdle = body.emit("Where", [progresses, body.float(0), turns]);
    const reached = body.emit("Where", [progresses, rr, mark.name]);
    const nextMark = body.emit("Where", [isRecord, body.float(noRecord), reached]);
    const moves = body.emit("And", [
      body.emit("Greater", [length, limit]),
      body.emit("Less", [nextIdle, body.float(stall.turns)]),
    ]);
    const asFloats = body.emit("Cast", [moves], { to: castTo("float") });
    const anyMoves = body.emit("ReduceMax", [asFloats], { keepdims: 0 });
    const goOn = body.emit("Greater", [anyMoves, body.float(0.5)]);

    const rounded = scope.emit("Floor", [scope.emit("Add", [steps!, scope.float(0.5)])]);
    const count = scope.emit("Cast", [rounded], { to: castTo("int64") });
    const none = scope.emit("Expand", [scope.float(noRecord), scope.ints(perEvent)]);
    const noTurns = scope.emit("Expand", [scope.float(0), scope.ints(perEvent)]);
    const outputs = ["x", "f", "r", "record", "mark", "idle"].map((stem) =>
      scope.model.fresh(stem),
    );
    scope.nodes.push({
      opType: "Loop",
      domain: "",
      inputs: [count, scope.bool(true), start!, start!, start!, none, none, noTurns],
      outputs,
      attributes: {
        body: {
          name: scope.model.fresh("body"),
          nodes: body.nodes,
          initializers: [],
          inputs: [
            { name: index, type: "int64", shape: [] },
            { name: scope.model.fresh("condition"), type: "bool", shape: [] },
            iterate,
            lastF,
            lastR,
            record,
            mark,
            idle,
          ],
          outputs: [
            { name: goOn, type: "bool", shape: [] },
            { name: next, type: "float", shape },
            { name: f, type: "float", shape },
            { name: r, type: "float", shape },
            { name: nextRecord, type: "float", shape: perEvent },
            { name: nextMark, type: "float", shape: perEvent },
            { name: nextIdle, type: "float", shape: perEvent },
          ],
        },
      },
    });
    return scope.emit("Concat", [outputs[1]!, outputs[2]!], { axis: 0 });
  },
};
