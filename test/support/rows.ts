import assert from "node:assert/strict";
import type { Engine } from "../../src/engine/engine.js";
import { evaluate } from "../../src/engine/reference.js";
import { simplify, type Tensor } from "../../src/graph/index.js";
import { events, type Feeds, type Values } from "./values.js";

/** x with other rows in place of some, each filled with one number. */
export function withRows(x: Values, rows: Readonly<Record<number, number>>): Values {
  const data = Float32Array.from(x.data);
  const size = data.length / x.shape[0]!;
  for (const [row, value] of Object.entries(rows)) {
    data.fill(value, Number(row) * size, (Number(row) + 1) * size);
  }
  return { shape: x.shape, data };
}

/** A run of outputs in the reference, or in an engine: both are fed float32. */
export async function runIn(
  engine: Engine | undefined,
  outputs: Readonly<Record<string, Tensor>>,
  feeds: Feeds,
): Promise<Readonly<Record<string, Values>>> {
  const arrays = Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, data }]) => [
      name,
      { shape, data: Float32Array.from(data) },
    ]),
  );
  if (!engine) return evaluate<string>(outputs, arrays);
  const session = await engine.load({ outputs: simplify(outputs), updates: {}, guard: [] });
  return session.run(arrays);
}

/** Rows of every output have the same bits in both. */
export function assertSameRows(
  actual: Readonly<Record<string, Values>>,
  expected: Readonly<Record<string, Values>>,
  rows: readonly number[],
): void {
  for (const [name, values] of Object.entries(actual)) {
    for (const row of rows) {
      assert.deepEqual(
        events(values, row, row + 1).data,
        events(expected[name]!, row, row + 1).data,
        `${name}, row ${row}`,
      );
    }
  }
}
