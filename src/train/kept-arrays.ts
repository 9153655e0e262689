import { emaName, emaPrefix, slotName } from "../checkpoint/stored-arrays.js";
import type { Model } from "../models/index.js";
import { sizeOf, type Arrays, type NDArray, type Shape } from "../tree.js";
import type { TrainingConfig } from "./config.js";
import { createOptimizer, type Optimizer } from "./optimizer-registry.js";

/** Name of one of the arrays kept for a parameter. */
export type KeptName = (parameter: string) => string;

/** Names of what is kept for a parameter: itself, slots of its optimizer, moving average. */
export function keptNames(
  { slots }: Optimizer,
  { ema }: Pick<TrainingConfig, "ema">,
): readonly KeptName[] {
  return [
    (parameter) => parameter,
    ...slots.map(
      (slot): KeptName =>
        (parameter) =>
          slotName(slot, parameter),
    ),
    ...(ema === null ? [] : [emaName]),
  ];
}

/** Shapes of all arrays of a run, by name: variables, optimizer slots, moving averages. */
export function storedShapes(model: Model, config: TrainingConfig): Record<string, Shape> {
  const optimizer = createOptimizer(config.optimizer);
  const kept = keptNames(optimizer, config);
  const keptOfMatrices = keptNames(optimizer.matrices ?? optimizer, config);
  return Object.fromEntries(
    model.scope.variables.flatMap(({ name, kind, isMatrix, tensor: { shape } }) =>
      kind === "state"
        ? [[name, shape] as const]
        : (isMatrix ? keptOfMatrices : kept).map((nameOf) => [nameOf(name), shape] as const),
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
