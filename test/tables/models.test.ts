import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UsageError } from "../../src/errors.js";
import { modelDefinitions } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { openRunner } from "../../src/runner/index.js";
import {
  fitTable,
  sampleTable,
  scoreTable,
  tableData,
  tableModelNames,
} from "../../src/tables/index.js";
import { csvOf, tableOf } from "./measurements.js";
import { testEngine } from "../support/engine.js";

const engine = await testEngine();
const silent = (): void => undefined;

const z = Random.fromSeed(1).normal(240);
const rows = Array.from({ length: 120 }, (_, i) => ({
  x: z[2 * i]!.toFixed(4),
  y: (z[2 * i]! + z[2 * i + 1]!).toFixed(4),
  kind: i % 3 === 0 ? "a" : "b",
}));
const table = await tableOf(csvOf(rows));
const densities = tableModelNames().filter(
  (name) => modelDefinitions().find(({ kind }) => kind === name)?.task === "density",
);

describe("models of tables", () => {
  it("are all that the registry has, but for classifiers of images", () => {
    const kinds = modelDefinitions().map(({ kind }) => kind);
    assert.deepEqual([...tableModelNames(), "resnet"].sort(), kinds.sort());
    assert.equal(densities.length, 8);
  });

  // The usual one has tests of its own.
  for (const model of densities.filter((name) => name !== "i-resnet-density")) {
    it(`learn, score and draw, given a class: ${model}`, async () => {
      const data = tableData(table, { label: "kind", model });
      const fitted = await fitTable(data, { engine, model, steps: 6, onWarning: silent });
      assert.equal(fitted!.checkpoint.model.kind, model);
      const runner = await openRunner(fitted!.checkpoint, { engine });
      const { logProb, pValue } = await scoreTable(runner, table);
      assert.ok(logProb.every(Number.isFinite) && pValue.every((p) => p > 0 && p <= 1));
      // Two columns beside whose class is another have another density.
      const swapped = rows.map((one) => ({ ...one, kind: one.kind === "a" ? "b" : "a" }));
      const others = await scoreTable(runner, await tableOf(csvOf(swapped)));
      assert.ok(others.logProb.some((one, row) => one !== logProb[row]));
      const random = Random.fromSeed(2);
      const drawn = await sampleTable(runner, 5, { random, condition: { kind: "b" } });
      assert.deepEqual(
        drawn.columns.map(({ name }) => name),
        ["x", "y", "kind"],
      );
      await runner.close();
    });
  }

  it("that need two columns say which don't", async () => {
    const data = tableData(table, { ignore: ["x", "kind"] });
    await assert.rejects(
      fitTable(data, { engine, model: "maf", steps: 1, onWarning: silent }),
      /at least 2 columns for maf, got 1 in my.csv; take one of i-resnet-density, residual-flow, made, ffjord/,
    );
  });

  it("that classify need a label, and densities of data with one to be named", async () => {
    const fit = (model: "maf" | "i-resnet-classifier", label?: string): Promise<unknown> =>
      fitTable(tableData(table, label === undefined ? {} : { label }), {
        engine,
        model,
        steps: 1,
        onWarning: silent,
      });
    await assert.rejects(fit("i-resnet-classifier"), /expected a label .* name the column/);
    await assert.rejects(fit("maf", "kind"), /pass `model: "maf"` to tableData too/);
    await assert.rejects(fit("i-resnet" as "maf"), UsageError);
  });
});
