import { referenceEngine } from "../../src/engine/reference-engine.js";
import type { Model } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { openModel, type Runner } from "../../src/runner/index.js";
import { ndarray, sizeOf, type NDArray } from "../../src/tree.js";

/** A model with its first numbers, interpreted in float64. */
export function opened<M extends Model>(model: M, seed = 1): Promise<Runner<M>> {
  const arrays = model.scope.initialArrays(Random.fromSeed(seed));
  return openModel(model, arrays, { engine: referenceEngine() });
}

/** Rows that a model takes: whole pixels, or standard normal numbers. */
export function rowsFor(
  { shape, pixels }: Pick<Model, "shape" | "pixels">,
  count: number,
): NDArray {
  const random = Random.fromSeed(8);
  const size = count * sizeOf(shape);
  const data = pixels ? Float32Array.from(random.integers(size, 256)) : random.normal(size);
  return ndarray(data, [count, ...shape]);
}

/** One-hot conditions `[count, features]`, or none for an unconditional model. */
export function conditionFor(
  { condition }: Pick<Model, "condition">,
  count: number,
): { readonly condition?: NDArray } {
  if (condition === 0) return {};
  const data = Array.from({ length: count * condition }, (_, i) =>
    Number(i % condition === Math.floor(i / condition) % condition),
  );
  return { condition: ndarray(data, [count, condition]) };
}

/** Rows of an array, by their places. */
export function pick({ shape, data }: NDArray, rows: readonly number[]): NDArray {
  const size = sizeOf(shape.slice(1));
  const picked = rows.flatMap((row) => [...data.subarray(row * size, (row + 1) * size)]);
  return ndarray(picked, [rows.length, ...shape.slice(1)]);
}
