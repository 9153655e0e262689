import type { Model } from "../models/index.js";
import type { Variable } from "../nn/index.js";
import { sizeOf, type Arrays, type NDArray, type Shape } from "../tree.js";
import type { TrainingConfig } from "./config.js";
import { createOptimizer } from "./optimizers.js";

const slotPrefix = "optimizer.";
const emaPrefix = "ema.";

/** Name of the array that an optimizer keeps for a parameter. */
export const slotName = (slot: string, parameter: string): string =>
  `${slotPrefix}${slot}.${parameter}`;

/** Name of the moving average of a parameter. */
export const emaName = (parameter: string): string => emaPrefix + parameter;

export function parametersOf(model: Model): readonly Variable[] {
  return model.scope.variables.filter(({ kind }) => kind === "parameter");
}

/** Shapes of all arrays of a run, by name: variables, optimizer slots, moving averages. */
export function storedShapes(model: Model, config: TrainingConfig): Record<string, Shape> {
  const own = model.scope.variables.map(({ name, tensor }) => [name, tensor.shape] as const);
  const { slots } = createOptimizer(config.optimizer);
  const kept = parametersOf(model).flatMap(({ name, tensor: { shape } }) => [
    ...slots.map((slot) => [slotName(slot, name), shape] as const),
    ...(config.ema === null ? [] : [[emaName(name), shape] as const]),
  ]);
  return Object.fromEntries([...own, ...kept]);
}

/** What training adds to a fresh model's arrays: slots of 0, averages of the parameters. */
export function withTrainingArrays(model: Model, arrays: Arrays, config: TrainingConfig): Arrays {
  return Object.fromEntries(
    Object.entries(storedShapes(model, config)).map(([name, shape]): [string, NDArray] => {
      const source = name.startsWith(emaPrefix) ? name.slice(emaPrefix.length) : name;
      return [name, arrays[source] ?? { shape, data: new Float32Array(sizeOf(shape)) }];
    }),
  );
}

/**
 * The arrays that inference takes from those of a training run: the model's own, parameters
 * replaced by their moving averages where there are any.
 */
export function inferenceArrays(arrays: Arrays): Arrays {
  return Object.fromEntries(
    Object.entries(arrays)
      .filter(([name]) => !name.startsWith(slotPrefix) && !name.startsWith(emaPrefix))
      .map(([name, array]) => [name, arrays[emaName(name)] ?? array]),
  );
}
