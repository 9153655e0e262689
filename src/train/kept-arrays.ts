import { emaName, emaPrefix, slotName } from "../checkpoint/stored-arrays.js";
import type { Model } from "../models/index.js";
import { sizeOf, type Arrays, type NDArray, type Shape } from "../tree.js";
import type { TrainingConfig } from "./config.js";
import { createOptimizer } from "./optimizer-registry.js";

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
