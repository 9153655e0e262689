import { Random } from "../random.js";
import type { Split } from "./data-set.js";

/** Fewest rows that are halved: 20 calibrate then, and 19 are the fewest that give a p-value of 0.05. */
const fewest = 40;

/** Held-out rows by what they are for. */
export interface Halves<T> {
  /** Choose what is learned: maps of columns, noise, the end of a training, the scales of a score. */
  readonly choosing: T;
  /** Calibrate p-values: nothing that is learned depends on them, or they would look more usual than fresh rows. */
  readonly calibrating: T;
}

/**
 * Places of so many held-out rows in two random halves, each in order. They depend on the count alone.
 * Of fewer than 40 all rows do both.
 */
export function halvesOf(count: number): Halves<Uint32Array> {
  const order = Random.fromSeed(0).split("halves").permutation(count);
  if (count < fewest) return { choosing: order.sort(), calibrating: order };
  const middle = count >> 1;
  return { choosing: order.subarray(0, middle).sort(), calibrating: order.subarray(middle).sort() };
}

/** A finite split by {@link halvesOf}. */
export function halve(split: Split): Halves<Split> {
  const { choosing, calibrating } = halvesOf(split.count);
  const part = (places: Uint32Array): Split => ({
    name: split.name,
    count: places.length,
    take: (indices) => split.take(Uint32Array.from(indices, (i) => places[i]!)),
  });
  return { choosing: part(choosing), calibrating: part(calibrating) };
}
