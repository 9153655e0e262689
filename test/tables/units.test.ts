import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/random.js";
import { openRunner } from "../../src/runner/index.js";
import {
  fitTable,
  sampleTable,
  scoreTable,
  tableData,
  tableKinds,
} from "../../src/tables/index.js";
import { csvOf, tableOf, type Cells } from "./measurements.js";
import { testEngine } from "../support/engine.js";

const engine = await testEngine();

const count = 600;
const z = Random.fromSeed(1).normal(3 * count);
const rows = Array.from({ length: count }, (_, i) => ({
  price: Math.exp(1.5 * z[3 * i]! + 3).toFixed(4),
  visits: String(Math.floor(Math.exp(1.2 * z[3 * i + 1]! + 2))),
  level: z[3 * i + 2]!.toFixed(4),
  weight: i % 10 < 3 ? "" : (5 + z[3 * i + 2]!).toFixed(4),
}));

/** Columns of these rows learned by mixtures, which are quick; what scores rows of them. */
async function learned(names: readonly (keyof (typeof rows)[number])[]) {
  const only = (all: readonly Cells[]): string =>
    csvOf(all.map((row) => Object.fromEntries(names.map((name) => [name, row[name]!]))));
  const data = tableData(await tableOf(only(rows)));
  const options = { engine, model: "made", steps: 300, onWarning: (): void => undefined } as const;
  const runner = await openRunner((await fitTable(data, options))!.checkpoint, { engine });
  const kinds = tableKinds(data.table!);
  return {
    data,
    runner,
    probabilities: async (all: readonly Cells[]): Promise<number[]> =>
      Array.from((await scoreTable(runner, await tableOf(only(all), { kinds }))).logProb, Math.exp),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

describe("log p in the units of the file", () => {
  it("of a heavy-tailed column integrates to 1", async () => {
    const { data, runner, probabilities } = await learned(["price"]);
    const [plan] = data.preprocessing!.columns;
    assert.ok(plan?.kind === "real" && plan.tail);
    // Equal steps of ln(price + 1), from −0.9 to 4·10⁶.
    const step = 0.02;
    const grid = Array.from({ length: 880 }, (_, i) => Math.exp(-2.3 + step * i));
    const p = await probabilities(grid.map((one) => ({ price: (one - 1).toFixed(6) })));
    const integral = sum(p.map((one, i) => one * grid[i]! * step));
    assert.ok(Math.abs(integral - 1) < 0.02, `${integral}`);
    await runner.close();
  });

  it("of heavy-tailed whole numbers sums to 1", async () => {
    const { data, runner, probabilities } = await learned(["visits"]);
    const [plan] = data.preprocessing!.columns;
    assert.ok(plan?.kind === "whole" && plan.tail);
    // Each is an unbiased estimate of a probability, of which the first few make up most.
    const most = 3000;
    const p = await probabilities(
      Array.from({ length: most }, (_, i) => ({ visits: String(i - 20) })),
    );
    assert.ok(Math.abs(sum(p) - 1) < 0.1, `${sum(p)}`);
    await runner.close();
  });

  it("counts how often a cell is missing, and not what stands for it", async () => {
    const { runner, probabilities } = await learned(["level", "weight"]);
    const width = 0.02;
    const grid = Array.from({ length: 500 }, (_, i) => ({
      level: (-5 + width * i).toFixed(4),
      weight: "",
    }));
    const share = sum((await probabilities(grid)).map((one) => one * width));
    assert.ok(Math.abs(share - 0.3) < 0.08, `${share}`);
    const drawn = await sampleTable(runner, 400, { random: Random.fromSeed(2) });
    const weight = drawn.columns.find(({ name }) => name === "weight")!;
    assert.ok(weight.kind === "number");
    const empty = weight.values.filter(Number.isNaN).length / 400;
    assert.ok(Math.abs(empty - 0.3) < 0.08, `${empty}`);
    await runner.close();
  });
});
