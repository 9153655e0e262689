import { expectPixels } from "../border/pixels.js";
import {
  fractionsIn,
  hasIntervals,
  prepare,
  prepareCondition,
  restore,
  stepsOf,
  type DataDescription,
  type Fraction,
  type Prepared,
} from "../data/index.js";
import type { Model } from "../models/index.js";
import { ndarray, type NDArray, type NumberArray, type Shape } from "../tree.js";

/** How rows in the data's units and columns become events of a model, and back: on the host. */
export interface Preprocessor {
  /** The shape of a row in the data's own columns. */
  readonly shape: Shape;
  /**
   * Rows as the model takes them, `[B, ...model.shape]`: where noise begins, or the `middles` of what it
   * covers unless that is up to the graph.
   */
  prepare(x: NumberArray, where: string, at?: "edges" | "middles"): Prepared;
  /** What has density 0 since it isn't whole, in columns that are. */
  fractions(x: NumberArray): readonly Fraction[];
  prepareCondition(condition: NumberArray): NDArray;
  /** Events in the data's units; of `samples`, whole numbers are rounded down. */
  restore(x: NDArray, kind: "samples" | "events"): NDArray<Float64Array>;
  /** Widths of whole-number columns in the model's units, see `stepOf`; absent if all are real. */
  readonly steps?: NDArray;
}

/** What a checkpoint's data say of rows: those of pixels are checked, others scaled as in training. */
export function preprocessorOf(model: Model, data: DataDescription | undefined): Preprocessor {
  const plan = data?.preprocessing;
  const conditions: Pick<Preprocessor, "prepareCondition"> = {
    prepareCondition: (condition) => prepareCondition(condition, plan),
  };
  if (model.pixels) return { ...pixelValues(model), ...conditions };
  if (!plan) return { ...realNumbers(model), ...conditions };
  const steps = stepsOf(plan);
  const hasMiddles = model.density !== undefined && hasIntervals(plan);
  return {
    shape: plan.shape,
    prepare: (x, _, at) => {
      const { step, ...prepared } = prepare(x, plan, hasMiddles ? at : "edges");
      return { ...prepared, ...(step && hasMiddles && at !== "middles" && { step }) };
    },
    fractions: (x) => fractionsIn(x, plan),
    restore: (x, kind) => restore(x, plan, kind === "events" && hasMiddles ? "middles" : kind),
    ...conditions,
    ...(steps && { steps }),
  };
}

type RowsOnly = Omit<Preprocessor, "prepareCondition">;

/** Rows as they are. */
function realNumbers({ shape }: Pick<Model, "shape">): RowsOnly {
  return {
    shape,
    prepare: (x) => ({
      x: ndarray(x.data, x.shape),
      logDet: new Float64Array(x.shape[0]!),
      deviations: [],
    }),
    fractions: () => [],
    restore: asFloat64,
  };
}

/** Pixels 0…255, whole ones for a density: samples are rounded down to whole ones. */
function pixelValues(model: Model): RowsOnly {
  const asTheyAre = realNumbers(model);
  return {
    ...asTheyAre,
    prepare: (x, where) => {
      expectPixels(x, { whole: model.density !== undefined, where });
      return asTheyAre.prepare(x, where);
    },
    restore: (x, kind) => {
      const values = asFloat64(x);
      if (kind === "events") return values;
      const whole = values.data.map((value) => Math.min(255, Math.max(0, Math.floor(value))));
      return { ...values, data: whole };
    },
  };
}

function asFloat64({ shape, data }: NumberArray): NDArray<Float64Array> {
  return { shape, data: Float64Array.from(data) };
}
