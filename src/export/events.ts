import {
  hasIntervals,
  type DataDescription,
  type Preprocessing,
  type RestoredKind,
} from "../data/index.js";
import type { Model } from "../models/index.js";
import { castTo, type GraphScope } from "../onnx/index.js";
import { cellsOf } from "../tables/index.js";
import type { Shape } from "../tree.js";
import { isKept, perColumn, perColumnFlag, placed, unplaced } from "./axes.js";
import { besideEvents, both, columnsAt, every, isFinite, scalar } from "./rows.js";
import { enterCells, leaveCells } from "./table-cells.js";

/** What a file's rows are: events of a model in the data's own units. */
export interface RowsOf {
  readonly model: Pick<Model, "shape" | "pixels" | "density" | "condition">;
  readonly data: DataDescription | undefined;
}

/** Type and shape of a row x. Where something was learned of columns, digits may need float64. */
export function rowType({ model, data }: RowsOf): { type: "float" | "double"; shape: Shape } {
  if (data?.table) return { type: "double", shape: [cellsOf(data.table.columns).length] };
  const plan = planOf({ model, data });
  return plan ? { type: "double", shape: plan.shape } : { type: "float", shape: model.shape };
}

/** Rows that have entered a file. */
export interface Entered {
  /** Events as the model takes them, in float32; 0 in rows that aren't valid. */
  readonly events: string;
  /** Whether each row is one that the model takes, `[B]`. */
  readonly valid: string;
  /** Whether each row differs from what never varied in training, `[B]`. */
  readonly deviates?: string;
  /** Widths of the noise of each cell, where they differ from row to row, `[B, D]`. */
  readonly step?: string;
  /** What the data's units add to log p, in nats, a scalar or `[B]`, in float64. */
  readonly logDet?: string;
}

/** Whether the noise of a density's rows has a width of its own in each cell. */
export function hasSteps(rows: RowsOf): boolean {
  return rows.model.density !== undefined && hasIntervals(planOf(rows));
}

/**
 * Rows x as events of a model: what a runner does to them on the host.
 * @param at `middles` where no noise is added to whole numbers
 */
export function enterEvents(
  scope: GraphScope,
  x: string,
  rows: RowsOf,
  at: "edges" | "middles",
): Entered {
  const { model, data } = rows;
  const plan = planOf(rows);
  if (!plan) return checked(scope, x, model.shape, pixelsIn(scope, x, model));
  const entered = data?.table && enterCells(scope, x, data.table.columns);
  const features = entered?.features ?? x;
  const finite = entered?.valid ?? every(scope, isFinite(scope, features, "double"), plan.shape);
  const kept = plan.columns.flatMap((column, place) => (isKept(column) ? [place] : []));
  const values = kept.length < plan.columns.length ? columnsAt(scope, features, kept) : features;
  // Only what is scored comes by its edges: a fraction has density 0 there.
  const whole = at === "edges" ? wholeIn(scope, values, plan) : [];
  const isNoisy = hasSteps(rows);
  const { places, step, logDet } = placed(scope, values, features, plan, isNoisy ? at : "edges");
  const events = scope.emit("Cast", [places], { to: castTo("float") });
  const deviates = deviation(scope, features, plan);
  return {
    ...checked(scope, events, model.shape, [finite, ...whole]),
    logDet,
    ...(deviates !== undefined && { deviates }),
    ...(step !== undefined && isNoisy && { step }),
  };
}

/** Type and width of a condition's row. */
export function conditionType({ model, data }: RowsOf): { type: "float" | "double"; shape: Shape } {
  const cells = data?.table && cellsOf(data.table.condition);
  if (cells && cells.length > 0) return { type: "double", shape: [cells.length] };
  const type = data?.preprocessing?.condition ? "double" : "float";
  return { type, shape: [model.condition] };
}

/** A condition as the model takes it, checked like events. */
export function enterCondition(scope: GraphScope, condition: string, rows: RowsOf): Entered {
  const { model, data } = rows;
  const shape = [model.condition];
  const columns = data?.table?.condition ?? [];
  const entered = columns.length > 0 ? enterCells(scope, condition, columns) : undefined;
  const flags = entered ? [entered.valid] : [];
  const scalings = data?.preprocessing?.condition;
  if (conditionType(rows).type === "float") return checked(scope, condition, shape, flags);
  const features = entered?.features ?? condition;
  const row = (values: readonly number[]): string => scope.doubles(values, [1, model.condition]);
  const scaled = scalings
    ? scope.emit("Div", [
        scope.emit("Sub", [features, row(scalings.map(({ offset }) => offset))]),
        row(scalings.map(({ scale }) => scale)),
      ])
    : features;
  return checked(scope, scope.emit("Cast", [scaled], { to: castTo("float") }), shape, flags);
}

/** Latents, checked like events. */
export function enterLatents(scope: GraphScope, z: string, shape: Shape): Entered {
  return checked(scope, z, shape, []);
}

/** Events of a model as rows: what a runner does to them on the host. */
export function leaveEvents(
  scope: GraphScope,
  events: string,
  kind: RestoredKind,
  rows: RowsOf,
): string {
  const { model, data } = rows;
  const plan = planOf(rows);
  if (!plan) return kind === "samples" && model.pixels ? wholePixels(scope, events) : events;
  const exact = scope.emit("Cast", [events], { to: castTo("double") });
  const values = unplaced(scope, exact, plan);
  const kept = wholeAgain(
    scope,
    values,
    plan,
    kind === "events" && hasSteps(rows) ? "middles" : kind,
  );
  const features = filledIn(scope, kept, plan);
  if (!data?.table) return features;
  // Of events, which lie in the middle of what stands for a code, or anywhere.
  return leaveCells(scope, features, data.table.columns, kind === "samples" ? 0 : 0.5);
}

/** Pixels and a model's own units need no plan. */
function planOf({ model, data }: RowsOf): Preprocessing | undefined {
  return model.pixels ? undefined : data?.preprocessing;
}

function checked(
  scope: GraphScope,
  events: string,
  shape: Shape,
  flags: readonly string[],
): Entered {
  const finite = every(scope, isFinite(scope, events, "float"), shape);
  const valid = both(scope, [finite, ...flags]);
  const beside = besideEvents(scope, valid, shape.length);
  return { valid, events: scope.emit("Where", [beside, events, scope.float(0)]) };
}

/** Pixels lie in 0…255, and are whole for a density. */
function pixelsIn(
  scope: GraphScope,
  x: string,
  { pixels, density, shape }: RowsOf["model"],
): string[] {
  if (!pixels) return [];
  const inside = both(scope, [
    scope.emit("GreaterOrEqual", [x, scope.float(0)]),
    scope.emit("LessOrEqual", [x, scope.float(255)]),
    ...(density ? [scope.emit("Equal", [scope.emit("Floor", [x]), x])] : []),
  ]);
  return [every(scope, inside, shape)];
}

/** Whole columns hold whole numbers. */
function wholeIn(scope: GraphScope, values: string, plan: Preprocessing): string[] {
  if (!plan.columns.some(({ kind }) => kind === "whole")) return [];
  const isOther = perColumnFlag(scope, plan, ({ kind }) => kind !== "whole");
  const isWhole = scope.emit("Equal", [scope.emit("Floor", [values]), values]);
  const event = [plan.columns.filter(isKept).length, ...plan.shape.slice(1)];
  return [every(scope, scope.emit("Or", [isOther, isWhole]), event)];
}

function wholePixels(scope: GraphScope, x: string): string {
  return scope.emit("Clip", [scope.emit("Floor", [x]), scope.float(0), scope.float(255)]);
}

/** Whole columns rounded down to a multiple of their step, or less half of it, or as they are. */
function wholeAgain(
  scope: GraphScope,
  values: string,
  plan: Preprocessing,
  kind: RestoredKind,
): string {
  const hasWhole = plan.columns.some(({ kind }) => kind === "whole");
  if (kind === "events" || !hasWhole) return values;
  const step = perColumn(scope, plan, (column) => (column.kind === "whole" ? column.step : 1));
  const down =
    kind === "samples"
      ? scope.emit("Mul", [scope.emit("Floor", [scope.emit("Div", [values, step])]), step])
      : scope.emit("Sub", [values, scope.emit("Mul", [step, scalar(scope, "double", 0.5)])]);
  const isWhole = perColumnFlag(scope, plan, (column) => column.kind === "whole");
  return scope.emit("Where", [isWhole, down, values]);
}

/** Whether a row differs in a column that was constant, or a copy of another. */
function deviation(scope: GraphScope, x: string, plan: Preprocessing): string | undefined {
  const left = plan.columns.flatMap((column, place) => (isKept(column) ? [] : [{ column, place }]));
  if (left.length === 0) return undefined;
  const event = [left.length, ...plan.shape.slice(1)];
  const row = (values: readonly number[]): string =>
    scope.doubles(values, [1, left.length, ...plan.shape.slice(1).map(() => 1)]);
  const got = columnsAt(
    scope,
    x,
    left.map(({ place }) => place),
  );
  const sources = left.map(({ column, place }) =>
    column.kind === "copy" ? placeOf(plan, column.of) : place,
  );
  const isConstant = row(left.map(({ column }) => Number(column.kind === "constant")));
  const expected = scope.emit("Where", [
    scope.emit("Greater", [isConstant, scalar(scope, "double", 0.5)]),
    row(left.map(({ column }) => (column.kind === "constant" ? column.value : 0))),
    columnsAt(scope, x, sources),
  ]);
  const same = every(scope, scope.emit("Equal", [got, expected]), event);
  return scope.emit("Not", [same]);
}

const placeOf = ({ columns }: Preprocessing, name: string): number =>
  columns.findIndex((column) => column.name === name);

/** Kept columns with the constants and copies among them. */
function filledIn(scope: GraphScope, kept: string, plan: Preprocessing): string {
  const { columns } = plan;
  const constants = columns.flatMap((column) => (column.kind === "constant" ? [column.value] : []));
  const keptCount = columns.filter(isKept).length;
  if (keptCount === columns.length) return kept;
  let [nextKept, nextConstant] = [0, keptCount];
  const own = columns.map((column) => {
    if (column.kind === "copy") return undefined;
    return column.kind === "constant" ? nextConstant++ : nextKept++;
  });
  const places = columns.map((column, c) =>
    column.kind === "copy" ? own[placeOf(plan, column.of)]! : own[c]!,
  );
  if (constants.length === 0) return columnsAt(scope, kept, places);
  const rest = plan.shape.slice(1);
  const each = scope.doubles(constants, [1, constants.length, ...rest.map(() => 1)]);
  const shape = [scope.model.batch!.standIn, constants.length, ...rest];
  const filled = scope.emit("Expand", [each, scope.ints(shape)]);
  return columnsAt(scope, scope.emit("Concat", [kept, filled], { axis: 1 }), places);
}
