import type { CheckpointData } from "../checkpoint/checkpoint.js";
import { CheckpointError } from "../errors.js";
import type { Model } from "../models/index.js";
import { ndarray, type NDArray, type NumberArray, type Shape } from "../tree.js";
import { expectPixels } from "./pixels.js";

/** A value of a row that isn't what its column always held in training. */
export interface Deviation {
  readonly row: number;
  readonly column: string;
  readonly expected: number;
  readonly got: number;
}

/** How rows in the data's units and columns become events of a model, and back: on the host. */
export interface Preprocessor {
  /** Of a row in the data's own columns. */
  readonly shape: Shape;
  /** Rows as the model takes them, `[B, ...model.shape]`. */
  prepare(
    x: NumberArray,
    where: string,
  ): { readonly x: NDArray; readonly deviations: readonly Deviation[] };
  prepareCondition(condition: NumberArray): NDArray;
  /** Events in the data's units; of `samples`, whole-number columns are rounded down. */
  restore(x: NDArray, kind: "samples" | "events"): NDArray<Float64Array>;
  /** What the log-determinant of all this adds to the model's, in nats. */
  readonly logScale: number;
  /** Widths of whole-number columns in the model's units, see `stepOf`; absent if all are real. */
  readonly step?: readonly number[];
}

/**
 * The preprocessing that a checkpoint's data ask for.
 * @throws {CheckpointError} if it isn't known.
 */
export function preprocessorOf(model: Model, data: CheckpointData | undefined): Preprocessor {
  if (data?.preprocessing !== undefined) {
    throw new CheckpointError(
      "preprocessing: expected none, which this version of iresnet can apply, got one; update with npm install iresnet@latest",
    );
  }
  return model.pixels ? pixelValues(model) : realNumbers(model);
}

/** Rows as they are. */
export function realNumbers({ shape }: Pick<Model, "shape">): Preprocessor {
  return {
    shape,
    prepare: (x) => ({ x: asFloat32(x), deviations: [] }),
    prepareCondition: asFloat32,
    restore: asFloat64,
    logScale: 0,
  };
}

/** Pixels 0…255, whole ones for a density: samples are rounded down to whole ones. */
function pixelValues(model: Model): Preprocessor {
  return {
    ...realNumbers(model),
    prepare: (x, where) => {
      expectPixels(x, { whole: model.density !== undefined, where });
      return { x: asFloat32(x), deviations: [] };
    },
    restore: (x, kind) => {
      const values = asFloat64(x);
      if (kind === "events") return values;
      const whole = values.data.map((value) => Math.min(255, Math.max(0, Math.floor(value))));
      return { ...values, data: whole };
    },
  };
}

/** A copy, if it isn't float32 already. */
function asFloat32({ shape, data }: NumberArray): NDArray {
  return ndarray(data, shape);
}

function asFloat64({ shape, data }: NumberArray): NDArray<Float64Array> {
  return { shape, data: Float64Array.from(data) };
}
