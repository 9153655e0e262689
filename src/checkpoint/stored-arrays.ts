import { expectKind } from "../border/kinds.js";
import type { Arrays } from "../tree.js";

const slotPrefix = "optimizer.";
export const emaPrefix = "ema.";
const settledPrefix = "settled.";

/** Name of the array that an optimizer keeps for a parameter. */
export const slotName = (slot: string, parameter: string): string =>
  `${slotPrefix}${slot}.${parameter}`;

/** Name of the moving average of a parameter. */
export const emaName = (parameter: string): string => emaPrefix + parameter;

/** Name of a statistic of the training data, once it has settled. */
export const settledName = (state: string): string => settledPrefix + state;

/**
 * The arrays that inference takes from those of a training run: the model's own, parameters replaced
 * by their moving averages where there are any, running statistics by those of the training data
 * once they have settled.
 */
export function inferenceArrays(arrays: Arrays): Arrays {
  return Object.fromEntries(
    Object.entries(ownArrays(arrays)).map(([name, array]) => [
      name,
      arrays[settledName(name)] ?? arrays[emaName(name)] ?? array,
    ]),
  );
}

/** Without what training keeps beside a model's own arrays. */
function ownArrays(arrays: Arrays): Arrays {
  expectKind(arrays, "record of arrays", "inferenceArrays");
  const prefixes = [slotPrefix, emaPrefix, settledPrefix];
  return Object.fromEntries(
    Object.entries(arrays).filter(([name]) => !prefixes.some((prefix) => name.startsWith(prefix))),
  );
}

/** What a run goes on with: all but the statistics that settled when it was saved. */
export function withoutSettled(arrays: Arrays): Arrays {
  return Object.fromEntries(
    Object.entries(arrays).filter(([name]) => !name.startsWith(settledPrefix)),
  );
}
