import { expectKind } from "../border/kinds.js";
import { nonFiniteRows } from "../border/arrays.js";
import { CheckpointError } from "../errors.js";
import { createModel, type AnyModel, type SettledNorms } from "../models/index.js";
import { sizeOf, type Arrays } from "../tree.js";
import type { DataDescription } from "../data/index.js";
import { expectArrays, type Checkpoint } from "./checkpoint.js";
import { inferenceArrays } from "./stored-arrays.js";

/** A model with what inference takes of its checkpoint. */
export interface Opened {
  readonly model: AnyModel;
  readonly arrays: Arrays;
  readonly data?: DataDescription;
  /** Of the checkpoint, if it has them. */
  readonly settledNorms?: SettledNorms;
}

/**
 * The model of a checkpoint, by the kind and configuration inside, and its numbers.
 *
 * @param where names the checkpoint in errors.
 * @throws {UsageError} if no model of its kind is registered.
 * @throws {CheckpointError} if its arrays aren't the model's, aren't finite, or the model has never
 *   seen data.
 */
export function openCheckpoint(checkpoint: Checkpoint, where: string): Opened {
  expectKind(checkpoint, "checkpoint", where);
  const model = createModel(checkpoint.model.kind, checkpoint.model.config);
  const arrays = modelArrays(model, checkpoint.arrays, where);
  expectInitialised(arrays, where);
  const { data, settledNorms } = checkpoint;
  return { model, arrays, ...(data && { data }), ...(settledNorms && { settledNorms }) };
}

/**
 * What a model's inference takes of `arrays`: its variables, by their moving averages where there
 * are any.
 *
 * @throws {CheckpointError} if one is missing, surplus, of another shape or not finite.
 */
export function modelArrays(model: AnyModel, arrays: Arrays, where: string): Arrays {
  expectKind(model, "model", where);
  const { scope } = model;
  const own = inferenceArrays(arrays);
  const shapes = scope.variables.map(({ name, tensor }) => [name, tensor.shape] as const);
  expectArrays({ arrays: own }, Object.fromEntries(shapes), where);
  const bad = Object.entries(own).find(
    ([, { shape, data }]) => nonFiniteRows({ shape: [1, sizeOf(shape)], data }).length > 0,
  );
  if (bad) {
    throw new CheckpointError(
      `${where}: expected finite numbers, got NaN or an infinite value in ${bad[0]}; take an earlier checkpoint, and train with a lower learning rate or clipping`,
      { name: bad[0] },
    );
  }
  return own;
}

function expectInitialised(arrays: Arrays, where: string): void {
  const flag = Object.entries(arrays).find(
    ([name, { data }]) => name.endsWith(".initialised") && data[0] === 0,
  );
  if (flag) {
    throw new CheckpointError(
      `${where}: expected a model that has seen data, got ${flag[0]} = 0; train it first`,
      { name: flag[0] },
    );
  }
}
