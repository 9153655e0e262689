import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Engine } from "../../src/engine/index.js";
import { nodeEngine } from "../../src/engine/node.js";
import { openOnnxFile, type OnnxFile } from "../../src/engine/node-file.js";
import { feedsOf } from "../../src/export/check-rows.js";
import {
  checkExport,
  expectEqualResults,
  exportOnnx,
  exportTargets,
  type ExportDescription,
} from "../../src/export/index.js";
import { Random } from "../../src/random.js";
import { openRunner, type AnyRunner } from "../../src/runner/index.js";
import { fitTable, scoreTable, tableCells, tableData, tableKinds } from "../../src/tables/index.js";
import { csvOf, measurements, tableOf, type Cells } from "../tables/measurements.js";
import { testEngine } from "../support/engine.js";

/** Measurements with empty cells in two columns, and a copy of another. */
function rowsOf(count: number, seed: number): Cells[] {
  return measurements(count, seed).map((one, i) => ({
    ...one,
    ...(i % 9 === 2 && { temperature: "" }),
    ...(i % 11 === 3 && { site: "" }),
    again: one.count!,
  }));
}

describe("the exported file of a table", () => {
  let engine: Engine;
  let runner: AnyRunner;
  let score: OnnxFile;
  let description: ExportDescription;
  before(async () => {
    engine = await nodeEngine({ threads: 1 });
    const data = tableData(await tableOf(csvOf(rowsOf(200, 1))));
    const fitted = await fitTable(data, { engine, steps: 40, onWarning: () => undefined });
    runner = await openRunner(fitted!.checkpoint, { engine });
    const exported = await exportOnnx(runner, { to: "score" });
    description = exported.description;
    score = await openOnnxFile(exported.bytes);
  });
  after(async () => {
    await score.close();
    await runner.close();
    await engine.close();
  });

  it("gives what the runner gives for every target", async () => {
    for (const to of ["score", "forward", "inverse", "sample"] as const) {
      const exported = await exportOnnx(runner, { to });
      const file = await openOnnxFile(exported.bytes);
      const found = await checkExport(runner, exported.description, (inputs) => file.run(inputs));
      expectEqualResults(found);
      assert.deepEqual(
        [...new Set(found.map(({ output }) => output))],
        to === "score"
          ? ["log_prob", "log_det", "score", "p_value"]
          : [to === "forward" ? "z" : "x"],
      );
      await file.close();
    }
  });

  it("scores rows in their own units as `iresnet score` does, those it can't included", async () => {
    const rows = rowsOf(40, 2).map((one, i) => ({
      ...one,
      ...(i === 3 && { site: "west" }), // never seen
      ...(i === 5 && { temperature: "" }),
      ...(i === 6 && { site: "" }),
      ...(i === 8 && { length: "" }), // never missing in training
      ...(i === 10 && { gain: "8" }), // constant in training
      ...(i === 12 && { again: "51.5" }), // a copy in training
      ...(i === 14 && { length: "1e300" }), // beyond float32
      ...(i === 16 && { count: "2.5", again: "2.5" }), // whole in training
      ...(i === 18 && { length: "-3.4028e38" }), // leaves float32 on its way
    }));
    const { table: plan } = runner.data!;
    const table = await tableOf(csvOf(rows), { kinds: tableKinds(plan!), invalid: "missing" });
    const expected = await scoreTable(runner, table);
    assert.deepEqual(
      [3, 5, 6, 8, 10, 12, 14, 16, 18].map((row) => expected.logProb[row]).map(Number.isFinite),
      [false, true, true, false, false, false, false, false, false],
    );
    const inputs = feedsOf(
      description,
      { file: tableCells(table, plan!) },
      Random.fromSeed(0),
      table.lines,
    );
    const { log_prob, score: scores, p_value } = await score.run(inputs);
    const same = (a: number, b: number): boolean =>
      Object.is(a, b) || Math.abs(a - b) <= 1e-5 * (1 + Math.abs(b));
    for (let row = 0; row < 40; row++) {
      for (const [actual, wanted] of [
        [log_prob!, expected.logProb],
        [scores!, expected.score],
        [p_value!, expected.pValue],
      ] as const) {
        const [a, b] = [actual.data[row]!, wanted[row]!];
        assert.ok(same(a, b), `row ${row}: ${a} for ${b}`);
      }
    }
  });
});

describe("exported files of other tables", async () => {
  const engine = await testEngine();

  const heavy = Random.fromSeed(7).normal(160);
  const rows = rowsOf(160, 3).map((one, i) => ({
    ...one,
    load: Math.exp(2.5 * heavy[i]!).toFixed(6),
    events: String(Math.floor(Math.exp(2 * heavy[159 - i]!))),
  }));
  const cases: Readonly<Record<string, Parameters<typeof tableData>[1]>> = {
    "given a category and a number": { condition: ["site", "length"] },
    "with classes": { label: "ok" },
  };
  for (const [what, options] of Object.entries(cases)) {
    it(`give what the runner gives, ${what}`, async () => {
      const data = tableData(await tableOf(csvOf(rows)), options);
      const fitted = await fitTable(data, { engine, steps: 20, onWarning: () => undefined });
      const runner = await openRunner(fitted!.checkpoint, { engine });
      const columns = runner.data!.preprocessing!.columns;
      assert.ok(columns.some((column) => "tail" in column && column.tail));
      const tried: string[] = [];
      for (const to of exportTargets) {
        const exported = await exportOnnx(runner, { to }).catch(() => undefined);
        if (!exported) continue;
        tried.push(to);
        const file = await openOnnxFile(exported.bytes);
        expectEqualResults(
          await checkExport(runner, exported.description, (inputs) => file.run(inputs)),
        );
        await file.close();
      }
      const isClassifier = options?.label !== undefined;
      assert.deepEqual(
        tried,
        isClassifier
          ? ["forward", "inverse", "classify"]
          : ["score", "forward", "inverse", "sample"],
      );
      await runner.close();
    });
  }
});
