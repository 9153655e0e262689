import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from "../../src/checkpoint/index.js";
import { nodeEngine } from "../../src/engine/node.js";
import { CheckpointError } from "../../src/errors.js";
import { iResNetDensity } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { openRunner, settledCheckpoint } from "../../src/runner/index.js";
import { ndarray } from "../../src/tree.js";
import { countRuns } from "../support/engine.js";
import { assertClose } from "../support/values.js";

const { kind, config, scope } = iResNetDensity({ shape: [3], blocks: [2], widths: [8], c: 0.9 });

/** As after a training: every array its own, ActNorm set, vectors that lag behind. */
function trained(): Checkpoint {
  const random = Random.fromSeed(3);
  const arrays = Object.fromEntries(
    Object.entries(scope.initialArrays(random)).map(([name, { shape, data }]) => [
      name,
      name.endsWith(".initialised")
        ? ndarray([1], shape)
        : ndarray(
            random
              .split(name)
              .normal(data.length)
              .map((z, i) => data[i]! + 0.3 * z),
            shape,
          ),
    ]),
  );
  return { format: 1, model: { kind, config }, arrays };
}

describe("settledCheckpoint", () => {
  for (const bits of [32, 16] as const) {
    it(`opens after one iteration and one bounding, and scores as before, in ${bits} bits`, async () => {
      await using engine = await nodeEngine({ threads: 1 });
      const counted = countRuns(engine);
      const x = ndarray(Random.fromSeed(1).normal(30), [10, 3]);
      let opening = 0;
      const scored = async (checkpoint: Checkpoint): Promise<Float64Array> => {
        const before = counted.runs;
        const runner = await openRunner(
          decodeCheckpoint(encodeCheckpoint(checkpoint, { bits }), ""),
          {
            engine,
          },
        );
        opening = counted.runs - before;
        const { logProb } = await runner.score(x, { logDet: "exact" });
        await runner.close();
        return Float64Array.from(logProb.data);
      };
      const expected = await scored(trained());
      assert.ok(opening >= 40, `${opening} rounds`);
      const settled = await settledCheckpoint(trained(), { engine, bits });
      const found = await scored(settled);
      assert.equal(opening, 2);
      assert.deepEqual(Object.keys(settled.arrays).sort(), Object.keys(trained().arrays).sort());
      assertClose(found, expected, 2e-5, "log p");
    });
  }

  it("has no training, and refuses norms that are no numbers", async () => {
    await using engine = await nodeEngine({ threads: 1 });
    const training = { seed: 1, step: 2, elapsedSeconds: 3, config: {} };
    const settled = await settledCheckpoint({ ...trained(), training }, { engine });
    assert.equal(settled.training, undefined);
    const path = Object.keys(settled.settledNorms!)[0]!;
    const bytes = (norm: number): Uint8Array =>
      encodeCheckpoint({ ...settled, settledNorms: { [path]: norm } });
    assert.ok(bytes(1));
    for (const norm of [0, -1, NaN]) assert.throws(() => bytes(norm), CheckpointError);
  });
});
