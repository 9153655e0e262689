import type { Feeds } from "./values.js";

/** A MADE in plain numbers: weights `W<l>[o][i]` of one event, masked by the degrees given. */
export interface PlainMade {
  readonly features: number;
  readonly outputs: number;
  /** Degrees of the inputs (a condition's after the features'), of each hidden layer, in order. */
  readonly degrees: readonly (readonly number[])[];
  /** Name of the scope, with a dot, in the feeds. */
  readonly prefix: string;
}

/** What the network gives one event: `[outputs][features]`. */
export function plainMade(
  { features, outputs, degrees, prefix }: PlainMade,
  input: readonly number[],
  feeds: Feeds,
): number[][] {
  const order = degrees[0]!.slice(0, features);
  const last = Array.from({ length: outputs }, () => order).flat();
  let h = [...input];
  [...degrees.slice(1), last].forEach((to, l) => {
    const isLast = l === degrees.length - 1;
    const weight = feeds[`${prefix}linear${l + 1}.weight`]!.data;
    const bias = feeds[`${prefix}linear${l + 1}.bias`]!.data;
    const from = degrees[l]!;
    h = to.map((degree, o) => {
      let total = bias[o]!;
      from.forEach((other, i) => {
        if (isLast ? other < degree : other <= degree) {
          total += weight[o * from.length + i]! * h[i]!;
        }
      });
      return isLast ? total : Math.max(total, 0);
    });
  });
  const direct = feeds[`${prefix}condition.weight`]?.data;
  const condition = input.slice(features);
  h = h.map((y, o) =>
    condition.reduce((total, c, i) => total + direct![o * condition.length + i]! * c, y),
  );
  return Array.from({ length: outputs }, (_, k) => h.slice(k * features, (k + 1) * features));
}

/** The soft bound of a log-scale. */
export const bounded = (a: number): number => 7 * Math.tanh(a / 7);
