import type { Arrays } from "../tree.js";

const slotPrefix = "optimizer.";
export const emaPrefix = "ema.";

/** Name of the array that an optimizer keeps for a parameter. */
export const slotName = (slot: string, parameter: string): string =>
  `${slotPrefix}${slot}.${parameter}`;

/** Name of the moving average of a parameter. */
export const emaName = (parameter: string): string => emaPrefix + parameter;

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
