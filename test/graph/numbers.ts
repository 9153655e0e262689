import assert from "node:assert/strict";
import type { Tensor } from "../../src/graph/index.js";
import { topologicalOrder } from "../../src/graph/index.js";
import { Random } from "../../src/random.js";
import { sizeOf, type NDArray } from "../../src/tree.js";

/** Seeded values for every input of a graph: normal, or in [0.5, 2) if `positive`. */
export function drawInputs(
  outputs: Iterable<Tensor>,
  { seed = 0, positive = false }: { readonly seed?: number; readonly positive?: boolean } = {},
): Record<string, NDArray> {
  const feeds: Record<string, NDArray> = {};
  for (const node of topologicalOrder(outputs)) {
    if (node.op !== "input") continue;
    const { name } = node.attributes;
    const random = Random.fromSeed(seed).split(name);
    const data = positive
      ? random.uniform(sizeOf(node.shape)).map((x) => 0.5 + 1.5 * x)
      : random.normal(sizeOf(node.shape));
    feeds[name] = { shape: node.shape, data };
  }
  return feeds;
}

/** Asserts |actual − expected| ≤ tolerance · (1 + max|expected|) for every element. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  assert.equal(actual.length, expected.length, `${what}: number of elements`);
  const numbers = Array.from(expected);
  const finite = numbers.map(Math.abs).filter(Number.isFinite);
  const bound = tolerance * (1 + finite.reduce((most, size) => Math.max(most, size), 0));
  numbers.forEach((value, i) => {
    const close = Number.isFinite(value)
      ? Math.abs(actual[i]! - value) <= bound
      : Object.is(actual[i], value);
    assert.ok(close, `${what}[${i}]: expected ${value}, got ${actual[i]}`);
  });
}
