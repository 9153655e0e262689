import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { plainInverses } from "../../src/measure/index.js";
import { iResNetDensity, type Density } from "../../src/models/index.js";
import { openModel } from "../../src/runner/index.js";
import { Random } from "../../src/random.js";
import { ndarray, type Arrays, type NDArray } from "../../src/tree.js";
import { assertClose, largestDifference } from "../support/values.js";
import { testEngine } from "../support/engine.js";

describe("plainInverses", async () => {
  const random = Random.fromSeed(5);
  const x = ndarray(random.split("x").normal(40), [20, 2]);
  const engine = await testEngine();

  /** A network whose weights reach their bound, where there is one. */
  function large(c: number | null, blocks: number): { model: Density; arrays: Arrays } {
    const model = iResNetDensity({ shape: [2], blocks: [blocks], widths: [16], c });
    const arrays = Object.entries(model.scope.initialArrays(random)).map(([name, array]) => [
      name,
      name.endsWith("weight") ? { ...array, data: array.data.map((w) => 6 * w) } : array,
    ]);
    return { model, arrays: Object.fromEntries(arrays) as Arrays };
  }

  it("iterates x ← y − g(x) from y on, as often as asked", async () => {
    const { model, arrays } = large(0.9, 1);
    const backs = await plainInverses({ engine, model, arrays }, x, [1, 2, 3]);
    const runner = await openModel(model, arrays, { engine });
    // ActNorm is the identity as yet, so g(t) = f(t) − t.
    const y = await runner.forward(x);
    let t: NDArray = y;
    for (const back of backs) {
      const ft = await runner.forward(t);
      t = { ...y, data: y.data.map((value, i) => value - (ft.data[i]! - t.data[i]!)) };
      assertClose(back.data, t.data, 1e-5, "x̂");
    }
    await runner.close();
  });

  it("converges under a bound, and goes astray without one", async () => {
    const error = async (c: number | null, steps: number): Promise<number> => {
      const { model, arrays } = large(c, 3);
      const [back] = await plainInverses({ engine, model, arrays }, x, [steps]);
      return largestDifference(back!.data, x.data);
    };
    assert.ok((await error(0.9, 3)) > 1e-3);
    assert.ok((await error(0.9, 80)) < 1e-4);
    assert.ok(!((await error(null, 80)) < 1));
  });
});
