import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  arrayData,
  createModel,
  fit,
  modelDefinitions,
  openRunner,
  Random,
  sampleToy,
  type DataSet,
  type NumberArray,
} from "../../src/index.js";
import type { JsonObject } from "../../src/json.js";
import { mean } from "../../src/measure/index.js";
import { testEngine } from "../support/engine.js";

/** A density of the plane of every kind there is: one that isn't here has no test. */
const densities: Readonly<Record<string, JsonObject>> = {
  "i-resnet-density": { shape: [2], blocks: [2], widths: [16] },
  "i-resnet-hybrid": { shape: [2], blocks: [2], widths: [16], head: 4, classes: 2 },
  "residual-flow": { shape: [2], blocks: [2], widths: [16] },
  nice: { shape: [2], couplings: 2, hidden: [16] },
  made: { shape: [2], hidden: [16], components: 3 },
  maf: { shape: [2], layers: 2, hidden: [16] },
  "real-nvp": { shape: [2], couplings: [2], widths: [16] },
  glow: { shape: [2], steps: [2], widths: [16] },
  ffjord: { shape: [2], widths: [8] },
};

const rows = 400;
const training = {
  steps: 40,
  batchSize: 64,
  schedule: { kind: "constant", learningRate: 0.01 },
  logDet: { kind: "exact" },
} as const;

const moons = sampleToy("moons", rows, Random.fromSeed(1));
const labels = Float64Array.from({ length: rows }, (_, i) => i % 2);
/** Moons in other units, column by column. */
function changed([a, b]: readonly Change[]): NumberArray {
  const data = Float64Array.from(moons.data, (x, i) => {
    const { scale, shift } = (i % 2 === 0 ? a : b)!;
    return x * scale + shift;
  });
  return { shape: [rows, 2], data };
}

interface Change {
  readonly scale: number;
  readonly shift: number;
}

const same: Change = { scale: 1, shift: 0 };

describe("units", async () => {
  const engine = await testEngine();

  async function meanLogProb(
    kind: string,
    config: JsonObject,
    data: DataSet,
    x: NumberArray,
    condition?: NumberArray,
  ): Promise<number> {
    const checkpoint = await fit(createModel(kind, config), data, training, {
      engine,
      onWarning: () => undefined,
    });
    const runner = await openRunner(checkpoint, { engine });
    const { logProb } = await runner.score(x, {
      random: Random.fromSeed(0),
      logDet: "exact",
      ...(condition && { condition }),
    });
    await runner.close();
    return mean(logProb.data);
  }

  it("are changed in a density of every kind in the registry", () => {
    const kinds = modelDefinitions().flatMap(({ kind, task }) =>
      task === "classification" ? [] : [kind],
    );
    assert.deepEqual(Object.keys(densities).sort(), [...kinds].sort());
  });

  for (const [kind, config] of Object.entries(densities)) {
    const labelled = kind === "i-resnet-hybrid" && { labels };

    it(`move log p of ${kind} by ln of their size alone`, async () => {
      const usual = await meanLogProb(kind, config, arrayData({ x: moons, ...labelled }), moons);
      assert.ok(Math.abs(usual) < 8, String(usual));
      for (const changes of [
        [
          { scale: 1000, shift: 5000 },
          { scale: 1000, shift: 5000 },
        ],
        [
          { scale: 1e-6, shift: 0 },
          { scale: 1e-6, shift: 0 },
        ],
        [{ scale: 1000, shift: 5000 }, same],
        [same, { scale: 1e-6, shift: 3 }],
      ] as const) {
        const x = changed(changes);
        const logProb = await meanLogProb(kind, config, arrayData({ x, ...labelled }), x);
        const expected = usual - changes.reduce((sum, { scale }) => sum + Math.log(scale), 0);
        assert.ok(
          Math.abs(logProb - expected) < 0.2,
          `${JSON.stringify(changes)}: expected ${expected}, got ${logProb}`,
        );
      }
    });

    if (labelled) continue; // it has no condition

    it(`of a condition don't matter to ${kind}`, async () => {
      const conditional = { ...config, condition: 1 };
      const score = (condition: NumberArray): Promise<number> =>
        meanLogProb(kind, conditional, arrayData({ x: moons, condition }), moons, condition);
      const centred = await score({ shape: [rows, 1], data: labels.map((y) => 2 * y - 1) });
      const years = await score({ shape: [rows, 1], data: labels.map((y) => 1995 + 30 * y) });
      assert.ok(Math.abs(years - centred) < 0.1, `${years}, not ${centred}`);
    });
  }
});
