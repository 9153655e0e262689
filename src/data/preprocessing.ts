import { expectKind } from "../border/kinds.js";
import * as z from "zod";
import { expectArray } from "../border/arrays.js";
import {
  axisSchema,
  missingCell,
  numberAt,
  placeOf,
  realCell,
  scaling,
  wholeCell,
  type Interval,
} from "./column-axis.js";
import { sizeOf, type NDArray, type NumberArray, type Shape } from "../tree.js";

const scalingSchema = z.object(scaling);

const columnPlan = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("real"), name: z.string(), ...axisSchema }),
  z.object({
    kind: z.literal("whole"),
    name: z.string(),
    ...axisSchema,
    /** Width of the noise that makes it real, in its own units. */
    step: z.number().positive(),
  }),
  z.object({ kind: z.literal("constant"), name: z.string(), value: z.number() }),
  z.object({ kind: z.literal("copy"), name: z.string(), of: z.string() }),
]);

export const preprocessingSchema = z.object({
  /**
   * The shape of an event in the data's own columns: `[D]`, or `[C, H, W]` with a plan for each
   * channel.
   */
  shape: z.array(z.int().positive()).readonly(),
  columns: z.array(columnPlan).readonly(),
  /** A plan for each feature of the condition; they stay as they are unless given. */
  condition: z.array(scalingSchema).readonly().optional(),
});

/** An affine map (x − offset)/scale. */
export type Scaling = Readonly<z.output<typeof scalingSchema>>;

/**
 * What becomes of a column (a channel of images): `real` and `whole` ones are kept, as
 * (x − offset)/scale, or with a `tail` as (asinh((x − centre)/width) − offset)/scale; a `constant` one, or a `copy` of another, says nothing and is left out.
 */
export type ColumnPlan = Readonly<z.output<typeof columnPlan>>;

/**
 * What was learned from training rows, and is done to all rows in float64 before they are rounded
 * to float32. It is plain JSON, kept in checkpoints.
 */
export type Preprocessing = Readonly<z.output<typeof preprocessingSchema>>;

/** A row that differs from what is the same in every training row: its density is 0 there. */
export interface Deviation {
  readonly row: number;
  readonly column: string;
  /** The constant, or the value in the column that it copied. */
  readonly expected: number;
  readonly got: number;
}

export interface Prepared {
  /** `[B, ...]` of the columns that are kept. */
  readonly x: NDArray;
  /**
   * `[B, D]`, width of the uniform noise to add to each number, where it differs from row to row; see
   * {@link stepsOf} where it doesn't.
   */
  readonly step?: NDArray;
  /**
   * `[B]`, what is added to log p and to log-determinants of prepared rows to have those of the data in
   * their own units, in nats.
   */
  readonly logDet: Float64Array;
  readonly deviations: readonly Deviation[];
}

/**
 * What rows are: `samples` of whole numbers are rounded down; other `events` come back as they are, and
 * `middles` less the half unit that {@link prepare} added.
 */
export type RestoredKind = "samples" | "events" | "middles";

/** Shape of an event as a model takes it. */
export function preparedShape(plan: Preprocessing): Shape {
  expectKind(plan, "preprocessing", "preprocessing");
  const { shape, columns } = plan;
  return [columns.filter(isKept).length, ...shape.slice(1)];
}

/**
 * Rows as a model takes them: (x − offset)/scale of each column that is kept, rounded to float32
 * last. Without a plan rows are only rounded.
 *
 * @param x `[B, ...shape]` in the data's own units
 * @param at `edges` (the default), where the noise begins that `step` is the width of; or, where there
 * is such a `step`, the `middles` of whole and missing cells
 * @throws {ShapeError} if x is of another shape.
 */
export function prepare(
  x: NumberArray,
  plan: Preprocessing | undefined,
  at: "edges" | "middles" = "edges",
): Prepared {
  if (!plan) {
    const prepared = float32(x);
    return { x: prepared, logDet: new Float64Array(x.shape[0]!), deviations: [] };
  }
  const kept = preparedShape(plan);
  const { shape, data } = expectArray(x, { where: "prepare", name: "x", event: plan.shape });
  const { columns } = plan;
  const { inner, places, sources } = layoutOf(plan);
  const rows = shape[0]!;
  const prepared = new Float32Array(rows * sizeOf(kept));
  const steps = hasIntervals(plan) ? new Float32Array(prepared.length) : undefined;
  const logDet = new Float64Array(rows);
  const deviations: Deviation[] = [];
  for (let row = 0; row < rows; row++) {
    columns.forEach((column, c) => {
      const from = (row * columns.length + c) * inner;
      const source = (row * columns.length + sources[c]!) * inner;
      if (isKept(column)) {
        const to = (row * kept[0]! + places[c]!) * inner;
        if (!steps && !column.tail) {
          const { offset, scale } = column;
          for (let i = 0; i < inner; i++) prepared[to + i] = (data[from + i]! - offset) / scale;
          logDet[row]! -= inner * Math.log(scale);
          return;
        }
        // Only vectors have columns such as these.
        const isMissing = column.absent !== undefined && data[source] === 1;
        const cell = cellOf(data[from]!, column, isMissing);
        logDet[row]! += cell.logDet;
        prepared[to] = steps && at === "middles" ? middleOf(data[from]!, column) : cell.low;
        if (steps) steps[to] = cell.width;
        return;
      }
      for (let i = 0; i < inner; i++) {
        const expected = column.kind === "constant" ? column.value : data[source + i]!;
        const got = data[from + i]!;
        if (got === expected) continue;
        deviations.push({ row, column: column.name, expected, got });
        break;
      }
    });
  }
  const event = { shape: [rows, ...kept], data: prepared };
  return {
    x: event,
    ...(steps && { step: { shape: event.shape, data: steps } }),
    logDet,
    deviations,
  };
}

/** Whether the widths of the noise that makes cells real differ from row to row. */
export function hasIntervals(plan: Preprocessing | undefined): boolean {
  return (plan?.columns ?? []).some(
    (column) =>
      isKept(column) &&
      (column.absent !== undefined || (column.kind === "whole" && column.tail !== undefined)),
  );
}

function cellOf(value: number, column: KeptPlan, isMissing: boolean): Interval {
  if (isMissing) return missingCell(value, column);
  return column.kind === "whole" ? wholeCell(value, column.step, column) : realCell(value, column);
}

/** The middle of a whole number's unit, and any other as it is. */
function middleOf(value: number, column: KeptPlan): number {
  return placeOf(column.kind === "whole" ? value + column.step / 2 : value, column);
}

/**
 * Rows in the data's own units and columns, in float64: x·scale + offset, what was left out filled
 * in again. It undoes {@link prepare}.
 *
 * @param x `[B, ...]` as a model gives them
 * @param kind what the rows are
 * @throws {ShapeError} if x is of another shape.
 */
export function restore(
  x: NDArray,
  plan: Preprocessing | undefined,
  kind: RestoredKind = "samples",
): NDArray<Float64Array> {
  if (!plan) return { shape: x.shape, data: Float64Array.from(x.data) };
  const event = preparedShape(plan);
  const { shape, data } = expectArray(x, { where: "restore", name: "x", event });
  const { columns } = plan;
  const { inner, places, sources } = layoutOf(plan);
  const rows = shape[0]!;
  const restored = new Float64Array(rows * columns.length * inner);
  for (let row = 0; row < rows; row++) {
    columns.forEach((column, c) => {
      const to = (row * columns.length + c) * inner;
      if (column.kind === "constant") restored.fill(column.value, to, to + inner);
      else if (column.kind === "copy") {
        const from = (row * columns.length + sources[c]!) * inner;
        restored.copyWithin(to, from, from + inner);
      } else {
        const from = (row * event[0]! + places[c]!) * inner;
        for (let i = 0; i < inner; i++)
          restored[to + i] = restoredCell(data[from + i]!, column, kind);
      }
    });
  }
  return { shape: [rows, ...plan.shape], data: restored };
}

function restoredCell(place: number, column: KeptPlan, kind: RestoredKind): number {
  const value = numberAt(place, column);
  if (column.kind === "real" || kind === "events") return value;
  const { step } = column;
  return kind === "samples" ? Math.floor(value / step) * step : value - step / 2;
}

/**
 * Width of the uniform noise that makes whole numbers real, in a model's units: `[1, D]` (`[1, C, 1,
 * 1]`) where columns are whole numbers, 0 for the real ones among them; nothing where all are real, or
 * where {@link prepare} gives a width for each cell.
 */
export function stepsOf(plan: Preprocessing | undefined): NDArray | undefined {
  if (!plan?.columns.some(({ kind }) => kind === "whole") || hasIntervals(plan)) return undefined;
  const steps = plan.columns
    .filter(isKept)
    .map((column) => (column.kind === "whole" ? column.step / column.scale : 0));
  const rest = plan.shape.slice(1).map(() => 1);
  return { shape: [1, steps.length, ...rest], data: Float32Array.from(steps) };
}

/**
 * A condition as a model takes it, `[B, K]`.
 * @throws {ShapeError} if it is of another shape.
 */
export function prepareCondition(
  condition: NumberArray,
  plan: Pick<Preprocessing, "condition"> | undefined,
): NDArray {
  const scalings = plan?.condition;
  if (!scalings) return float32(condition);
  const rules = { where: "prepareCondition", name: "condition", event: [scalings.length] };
  const { shape, data } = expectArray(condition, rules);
  const prepared = Float32Array.from(data, (value, i) => {
    const { offset, scale } = scalings[i % scalings.length]!;
    return (value - offset) / scale;
  });
  return { shape, data: prepared };
}

type KeptPlan = Extract<ColumnPlan, Scaling>;

function isKept(column: ColumnPlan): column is KeptPlan {
  return column.kind === "real" || column.kind === "whole";
}

interface ColumnLayout {
  /** Elements of a column in each event: 1, or the pixels of a channel. */
  readonly inner: number;
  /** Place of each column among those that are kept. */
  readonly places: readonly number[];
  /** Place of the column that each one copies, or that says where its cells are missing; else its own. */
  readonly sources: readonly number[];
}

function layoutOf(plan: Preprocessing): ColumnLayout {
  const { shape, columns } = plan;
  let next = 0;
  const placeOfName = (name: string): number => columns.findIndex((column) => column.name === name);
  return {
    inner: sizeOf(shape.slice(1)),
    places: columns.map((column) => (isKept(column) ? next++ : -1)),
    sources: columns.map((column, c) => {
      if (column.kind === "copy") return placeOfName(column.of);
      return isKept(column) && column.absent !== undefined ? placeOfName(column.absent) : c;
    }),
  };
}

function float32({ shape, data }: NumberArray): NDArray {
  return { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}
