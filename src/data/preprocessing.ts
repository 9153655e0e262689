import { expectKind } from "../border/kinds.js";
import { z } from "zod";
import { expectArray } from "../border/arrays.js";
import { sizeOf, type NDArray, type NumberArray, type Shape } from "../tree.js";

const scaling = z.object({ offset: z.number(), scale: z.number().positive() });

const columnPlan = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("real"), name: z.string(), ...scaling.shape }),
  z.object({
    kind: z.literal("whole"),
    name: z.string(),
    ...scaling.shape,
    /** Width of the noise that makes it real, in its own units. */
    step: z.number().positive(),
  }),
  z.object({ kind: z.literal("constant"), name: z.string(), value: z.number() }),
  z.object({ kind: z.literal("copy"), name: z.string(), of: z.string() }),
]);

export const preprocessingSchema = z.object({
  /** Of an event in the data's own columns: `[D]`, or `[C, H, W]` with a plan for each channel. */
  shape: z.array(z.int().positive()).readonly(),
  columns: z.array(columnPlan).readonly(),
  condition: z.array(scaling).readonly().optional(),
});

/** An affine map (x − offset)/scale. */
export type Scaling = Readonly<z.output<typeof scaling>>;

/**
 * What becomes of a column (a channel of images): `real` and `whole` ones are kept, as
 * (x − offset)/scale; a `constant` one, or a `copy` of another, says nothing and is left out.
 */
export type ColumnPlan = Readonly<z.output<typeof columnPlan>>;

/**
 * What was learned from training rows, and is done to all rows in float64 before they are rounded
 * to float32. It is plain JSON, kept in checkpoints.
 */
export interface Preprocessing {
  /** Of an event in the data's own columns: `[D]`, or `[C, H, W]` with a plan for each channel. */
  readonly shape: Shape;
  readonly columns: readonly ColumnPlan[];
  /** Of each feature of the condition; as they are unless given. */
  readonly condition?: readonly Scaling[] | undefined;
}

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
  readonly deviations: readonly Deviation[];
}

/** What rows are: `samples` of whole numbers are rounded down, other `events` come back as they are. */
export type RestoredKind = "samples" | "events";

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
 * @throws {ShapeError} if x is of another shape.
 */
export function prepare(x: NumberArray, plan: Preprocessing | undefined): Prepared {
  if (!plan) return { x: float32(x), deviations: [] };
  const kept = preparedShape(plan);
  const { shape, data } = expectArray(x, { where: "prepare", name: "x", event: plan.shape });
  const { columns } = plan;
  const layout = layoutOf(plan);
  const rows = shape[0]!;
  const prepared = new Float32Array(rows * sizeOf(kept));
  const deviations: Deviation[] = [];
  for (let row = 0; row < rows; row++) {
    columns.forEach((column, c) => {
      const from = (row * columns.length + c) * layout.inner;
      if (isKept(column)) {
        const to = (row * kept[0]! + layout.places[c]!) * layout.inner;
        for (let i = 0; i < layout.inner; i++) {
          prepared[to + i] = (data[from + i]! - column.offset) / column.scale;
        }
        return;
      }
      const source = (row * columns.length + layout.sources[c]!) * layout.inner;
      for (let i = 0; i < layout.inner; i++) {
        const expected = column.kind === "constant" ? column.value : data[source + i]!;
        const got = data[from + i]!;
        if (got === expected) continue;
        deviations.push({ row, column: column.name, expected, got });
        break;
      }
    });
  }
  return { x: { shape: [rows, ...kept], data: prepared }, deviations };
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
        for (let i = 0; i < inner; i++) {
          const value = data[from + i]! * column.scale + column.offset;
          const isWhole = column.kind === "whole" && kind === "samples";
          restored[to + i] = isWhole ? Math.floor(value / column.step) * column.step : value;
        }
      }
    });
  }
  return { shape: [rows, ...plan.shape], data: restored };
}

/**
 * −Σ ln scale over the elements of an event, in nats: what is added to log p and to
 * log-determinants of prepared rows to have those of the data in their own units.
 */
export function logScale(plan: Preprocessing | undefined): number {
  if (!plan) return 0;
  expectKind(plan, "preprocessing", "logScale");
  const { inner } = layoutOf(plan);
  return plan.columns.reduce(
    (sum, column) => (isKept(column) ? sum - inner * Math.log(column.scale) : sum),
    0,
  );
}

/**
 * Width of the uniform noise that makes whole numbers real, in a model's units: `[1, D]` (`[1, C, 1,
 * 1]`) where columns are whole numbers, 0 for the real ones among them; nothing where all are real.
 */
export function stepsOf(plan: Preprocessing | undefined): NDArray | undefined {
  if (!plan?.columns.some(({ kind }) => kind === "whole")) return undefined;
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

function isKept(column: ColumnPlan): column is Extract<ColumnPlan, Scaling> {
  return column.kind === "real" || column.kind === "whole";
}

interface ColumnLayout {
  /** Elements of a column in each event: 1, or the pixels of a channel. */
  readonly inner: number;
  /** Place of each column among those that are kept. */
  readonly places: readonly number[];
  /** Place of the column that each one copies, its own for others. */
  readonly sources: readonly number[];
}

function layoutOf(plan: Preprocessing): ColumnLayout {
  const { shape, columns } = plan;
  let next = 0;
  return {
    inner: sizeOf(shape.slice(1)),
    places: columns.map((column) => (isKept(column) ? next++ : -1)),
    sources: columns.map((column, c) =>
      column.kind === "copy" ? columns.findIndex(({ name }) => name === column.of) : c,
    ),
  };
}

function float32({ shape, data }: NumberArray): NDArray {
  return { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}
