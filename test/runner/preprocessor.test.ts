import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { nice } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { Runner, realNumbers, type Preprocessor } from "../../src/runner/index.js";
import { ndarray, type NDArray, type NumberArray } from "../../src/tree.js";
import { assertClose } from "../support/values.js";
import { opened } from "./support.js";

const model = nice({ shape: [2], hidden: [4] });
const engine = referenceEngine();
const random = Random.fromSeed(5);
const offset = 1.7e9;
const scale = 60;

/** Columns time and count: (x − offset)/scale, the count in whole numbers, and a constant third. */
const units: Preprocessor = {
  ...realNumbers(model),
  shape: [3],
  prepare: ({ shape: [count = 0], data }: NumberArray) => {
    const kept = Array.from({ length: count }, (_, row) => [
      (data[3 * row]! - offset) / scale,
      data[3 * row + 1]! / scale,
    ]);
    return {
      x: ndarray(kept.flat(), [count, 2]),
      deviations: kept.flatMap((_, row) =>
        data[3 * row + 2] === 7
          ? []
          : [{ row, column: "third", expected: 7, got: data[3 * row + 2]! }],
      ),
    };
  },
  restore: ({ shape: [count = 0], data }: NDArray, kind) => {
    const rows = Array.from({ length: count }, (_, row) => {
      const value = data[2 * row + 1]! * scale;
      return [data[2 * row]! * scale + offset, kind === "samples" ? Math.floor(value) : value, 7];
    });
    return { shape: [count, 3], data: Float64Array.from(rows.flat()) };
  },
  logScale: -2 * Math.log(scale),
  step: [0, 1 / scale],
};

const open = (preprocessor: Preprocessor): Promise<Runner<typeof model>> =>
  Runner.open(model, model.scope.initialArrays(Random.fromSeed(1)), { engine, preprocessor });

describe("a runner with a preprocessor", () => {
  const rows = ndarrayOf([
    [offset + 31, 5, 7],
    [offset - 90, 12, 7],
    [offset + 1, 0, 7.5],
  ]);

  it("takes rows in their own units and columns, and gives them back", async () => {
    const runner = await open(units);
    const z = await runner.forward(rows);
    assert.deepEqual(z.shape, [3, 2]);
    const plain = await opened(model);
    const middles = [31, 5.5, -90, 12.5, 1, 0.5].map((value) => value / scale);
    assertClose(z.data, (await plain.forward(ndarray(middles, [3, 2]))).data, 1e-6, "z");
    const back = await runner.inverse(z);
    assert.deepEqual(back.shape, [3, 3]);
    assertClose(back.data.subarray(0, 6), Array.from(rows.data).slice(0, 6), 1e-6, "rows");
    assert.ok(Math.abs(back.data[0]! - offset - 31) < 1e-3, "digits beyond float32's");
    await assert.rejects(runner.forward(ndarray([0, 0], [1, 2])), /of shape \[B, 3\]/);
  });

  it("counts its scale in log p and the log-determinant, and lists deviations", async () => {
    const scores = await (await open(units)).score(rows, { random });
    assert.equal(scores.isBound, true);
    assert.deepEqual(scores.deviations, [{ row: 2, column: "third", expected: 7, got: 7.5 }]);
    assert.equal(scores.logProb.data[2], -Infinity);
    const bare = await (await open({ ...units, logScale: 0 })).score(rows, { random });
    for (const name of ["logProb", "logDet"] as const) {
      for (const row of [0, 1]) {
        const difference = bare[name].data[row]! - scores[name].data[row]!;
        assertClose([difference], [2 * Math.log(scale)], 1e-5, name);
      }
    }
  });

  it("draws whole numbers where the data hold them", async () => {
    const samples = await (await open(units)).sample(20, { random });
    assert.deepEqual(samples.shape, [20, 3]);
    const counts = samples.data.filter((_, i) => i % 3 === 1);
    assert.ok(counts.every(Number.isInteger) && counts.some((count) => count !== 0));
  });
});

function ndarrayOf(rows: readonly (readonly number[])[]): NumberArray {
  return { shape: [rows.length, rows[0]!.length], data: Float64Array.from(rows.flat()) };
}
