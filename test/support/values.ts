import assert from "node:assert/strict";
import { Random } from "../../src/random.js";
import { sizeOf, type Shape } from "../../src/tree.js";

/** Numbers in row-major order, with their shape: float64 where float32 isn't asked for. */
export interface Values {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}

/** Values by the name of the input they are fed to. */
export type Feeds = Readonly<Record<string, Values>>;

const seeds = Random.fromSeed(20190611);

/** Standard normal numbers times `scale`, a function of the label. */
export function normals(label: string, shape: Shape, scale = 1): Values {
  const data = Float64Array.from(seeds.split(label).normal(sizeOf(shape)), (x) => x * scale);
  return { shape, data };
}

/** Uniform numbers in [low, high), a function of the label. */
export function uniforms(label: string, shape: Shape, low: number, high: number): Values {
  const data = Float64Array.from(
    seeds.split(label).uniform(sizeOf(shape)),
    (u) => low + (high - low) * u,
  );
  return { shape, data };
}

/** x with `step` added to one element. */
export function shifted(x: Values, index: number, step: number): Values {
  const data = Float64Array.from(x.data);
  data[index]! += step;
  return { shape: x.shape, data };
}

/** Events `start` to `end` of a batch. */
export function events({ shape, data }: Values, start: number, end: number): Values {
  const size = sizeOf(shape.slice(1));
  return {
    shape: [end - start, ...shape.slice(1)],
    data: Float64Array.from(data).slice(start * size, end * size),
  };
}

/** A batch of `count` copies of a batch of one. */
export function copies(x: Values, count: number): Values {
  const size = x.data.length;
  const data = new Float64Array(count * size).map((_, i) => x.data[i % size]!);
  return { shape: [count, ...x.shape.slice(1)], data };
}

/** All 2ⁿ vectors of ±1, as a batch: averages over them are averages over every probe. */
export function allSigns(n: number): Values {
  const data = new Float64Array(2 ** n * n).map((_, i) =>
    (Math.floor(i / n) >> (i % n)) & 1 ? 1 : -1,
  );
  return { shape: [2 ** n, n], data };
}

export function sumOf(data: ArrayLike<number>): number {
  return Array.from(data).reduce((total, x) => total + x, 0);
}

export function meanOf(data: ArrayLike<number>): number {
  return sumOf(data) / data.length;
}

/** Standard error of the mean of independent numbers. */
export function standardError(data: ArrayLike<number>): number {
  const mean = meanOf(data);
  const variance = sumOf(Array.from(data, (x) => (x - mean) ** 2)) / (data.length - 1);
  return Math.sqrt(variance / data.length);
}

/** Largest |aᵢ − bᵢ|; NaN if any is. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
}

/** |aᵢ − bᵢ| ≤ tolerance·(1 + max|b|) everywhere. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  const scale = 1 + Array.from(expected, Math.abs).reduce((most, x) => Math.max(most, x), 0);
  const difference = largestDifference(actual, expected);
  assert.ok(
    difference <= tolerance * scale,
    `${what}: expected a difference of at most ${tolerance * scale}, got ${difference}`,
  );
}
