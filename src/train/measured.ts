import type { Arrays } from "../tree.js";
import type { Progress } from "./fit-options.js";

/** What a step measured. */
export type Measured = Pick<Progress, "loss" | "gradNorm" | "metrics">;

export function scalarsOf(arrays: Arrays): Record<string, number> {
  return Object.fromEntries(Object.entries(arrays).map(([name, { data }]) => [name, data[0]!]));
}

export function meanOf(all: readonly Measured[]): Measured {
  const mean = (of: (measured: Measured) => number): number =>
    all.reduce((total, measured) => total + of(measured), 0) / all.length;
  const names = Object.keys(all[0]?.metrics ?? {});
  return {
    loss: mean(({ loss }) => loss),
    gradNorm: mean(({ gradNorm }) => gradNorm),
    metrics: Object.fromEntries(names.map((name) => [name, mean(({ metrics }) => metrics[name]!)])),
  };
}

/** From numbers by name. */
export function measuredOf(numbers: Readonly<Record<string, number>>): Measured {
  const { loss = NaN, gradNorm = NaN, ...metrics } = numbers;
  return { loss, gradNorm, metrics };
}

/** As numbers by name. */
export function withMetrics({ loss, gradNorm, metrics }: Measured): Record<string, number> {
  return { loss, gradNorm, ...metrics };
}
