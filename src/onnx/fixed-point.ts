import { largestSquare, recordFactor, stall } from "../graph/index.js";
import { sizeOf } from "../tree.js";
import type { Lowerings } from "./lowering.js";
import { castTo } from "./proto.js";
import { bodyOf, repeat } from "./repeat.js";

/** Stands for no record yet: above the square of any |r|₂ that is compared. */
const noRecord = largestSquare;

export const iteration: Pick<Lowerings, "fixedPoint"> = {
  fixedPoint: (node, [start, steps, tolerance], scope) => {
    const [x, ...captures] = node.attributes.parameters;
    const result = node.attributes.results[0]!;
    const body = bodyOf(scope, captures, node.inputs.slice(3));
    const { shape } = x!;
    const batch = shape[0]!;
    const perEvent = [batch, 1, 1];
    const size = sizeOf(shape.slice(1));
    const fresh = (stem: string): string => scope.model.fresh(stem);
    const [iterate, lastF, lastR] = [fresh("x"), fresh("lastF"), fresh("lastR")];
    const [record, mark, idle] = [fresh("record"), fresh("mark"), fresh("idle")];
    const index = fresh("i");
    body.bind(x!, iterate);
    body.model.lowerer.lower([result], body);

    const flat = (name: string, isColumn: boolean): string =>
      body.reshape(name, isColumn ? [batch, size, 1] : [batch, 1, size]);
    const inner = (a: string, b: string): string =>
      body.emit("MatMul", [flat(a, false), flat(b, true)]);

    const f = body.emit("Identity", [body.nameOf(result)]);
    const r = body.emit("Sub", [f, iterate]);
    const rr = inner(r, r);
    const bound = body.emit("Mul", [record, body.float(recordFactor ** 2)]);
    const isRecord = body.emit("LessOrEqual", [rr, bound]);
    const dr = body.emit("Sub", [r, lastR]);
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
      body.emit("Sub", [f, lastF]),
    ]);
    const moved = body.emit("Sub", [f, change]);
    const nextRecord = body.emit("Where", [isRecord, rr, record]);

    const limit = scope.reshape(tolerance!, perEvent);
    const length = body.emit("Sqrt", [rr]);
    const nearby = scope.emit("Mul", [limit, scope.float(stall.near)]);
    const lower = body.emit("Mul", [mark, body.float(recordFactor ** 2)]);
    const progresses = [
      body.emit("Greater", [length, nearby]),
      body.emit("LessOrEqual", [rr, lower]),
    ].reduce((a, b) => body.emit("Or", [a, b]), isRecord);
    const turns = body.emit("Add", [idle, body.float(1)]);
    const nextIdle = body.emit("Where", [progresses, body.float(0), turns]);
    const reached = body.emit("Where", [progresses, rr, mark]);
    const nextMark = body.emit("Where", [isRecord, body.float(noRecord), reached]);
    const moves = [
      body.emit("Greater", [length, limit]),
      body.emit("Less", [nextIdle, body.float(stall.turns)]),
      body.emit("Less", [rr, body.float(largestSquare)]),
    ].reduce((a, b) => body.emit("And", [a, b]));
    const asFloats = body.emit("Cast", [moves], { to: castTo("float") });
    const anyMoves = body.emit("ReduceMax", [asFloats], { keepdims: 0 });
    const goOn = body.emit("Greater", [anyMoves, body.float(0.5)]);
    const isMoving = body.emit("Greater", [body.reshape(asFloats, perElement), body.float(0.5)]);
    const next = body.emit("Where", [isMoving, moved, iterate]);

    const none = scope.emit("Expand", [scope.float(noRecord), scope.ints(perEvent)]);
    const noTurns = scope.emit("Expand", [scope.float(0), scope.ints(perEvent)]);
    const [, value, step] = repeat(scope, body, {
      steps: steps!,
      goesOn: [scope.bool(true), goOn],
      index,
      carried: [
        { name: iterate, shape, start: start!, next },
        { name: lastF, shape, start: start!, next: f },
        { name: lastR, shape, start: start!, next: r },
        { name: record, shape: perEvent, start: none, next: nextRecord },
        { name: mark, shape: perEvent, start: none, next: nextMark },
        { name: idle, shape: perEvent, start: noTurns, next: nextIdle },
      ],
    });
    return scope.emit("Concat", [value!, step!], { axis: 0 });
  },
};
