import type { Model } from "../models/index.js";
import { sizeOf, type Arrays, type NDArray, type Shape } from "../tree.js";
import type { TrainingConfig } from "./config.js";
import { createOptimizer } from "./optimizer-registry.js";

const slotPrefix = "optimizer.";
const emaPrefix = "ema.";
const settledPrefix = "settled.";

/** Name of the array that an optimizer keeps for a parameter. */
export const slotName = (slot: string, parameter: string): string =>
  `${slotPrefix}${slot}.${parameter}`;

/** Name of the moving average of a parameter. */
export const emaName = (parameter: string): string => emaPrefix + parameter;

/** Name of a statistic of the training data, once it has settled. */
export const settledName = (state: string): string => settledPrefix + state;

/** Name of one of the arrays kept for a parameter. */
export type KeptName = (parameter: string) => string;

/** Names of what is kept for each parameter: itself, optimizer slots, moving average. */
export function keptNames({ optimizer, ema }: TrainingConfig): readonly KeptName[] {
  return [
    (parameter) => parameter,
    ...createOptimizer(optimizer).slots.map(
      (slot): KeptName =>
        (parameter) =>
          slotName(slot, parameter),
    ),
    ...(ema === null ? [] : [emaName]),
  ];
}

/** Shapes of all arrays of a run, by name: variables, optimizer slots, moving averages. */
export function storedShapes(model: Model, config: TrainingConfig): Record<string, Shape> {
  const kept = keptNames(config);
  return Object.fromEntries(
    model.scope.variables.flatMap(({ name, kind, tensor: { shape } }) =>
      kind === "state"
        ? [[name, shape] as const]
        : kept.map((nameOf) => [nameOf(name), shape] as const),
    ),
  );
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
