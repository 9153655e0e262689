import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createModel, modelDefinitions } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { smallModels } from "../models/small-configs.js";
import { conditionFor, opened } from "./support.js";

const random = Random.fromSeed(12);
const count = 6;

describe("samples", () => {
  for (const { kind, task } of modelDefinitions()) {
    if (task === "classification") continue;
    for (const [what, config] of Object.entries(smallModels[kind]!.configs)) {
      it(`score finitely: ${kind}, ${what}`, async () => {
        const model = createModel(kind, config);
        const runner = await opened(model);
        const condition = conditionFor(model, count);
        for (const temperature of [1, 3]) {
          const x = await runner.sample(count, { random, temperature, ...condition });
          assert.ok(x.data instanceof Float64Array);
          assert.deepEqual(x.shape, [count, ...model.shape]);
          if (model.pixels) {
            assert.ok(x.data.every((v) => Number.isInteger(v) && v >= 0 && v <= 255));
          }
          const { logProb, logDet } = await runner.score(x, { random, terms: 4, ...condition });
          assert.ok(logProb.data.every(Number.isFinite), logProb.data.join(" "));
          assert.ok(logDet.data.every(Number.isFinite), logDet.data.join(" "));
        }
      });
    }
  }
});
