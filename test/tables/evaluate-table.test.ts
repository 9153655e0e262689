import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytesSource, openTable } from "../../src/data/readers/index.js";
import type { TableReader } from "../../src/data/table.js";
import { nodeEngine } from "../../src/engine/node.js";
import { auroc } from "../../src/measure/index.js";
import { openRunner } from "../../src/runner/index.js";
import { evaluateTable, scoreTable, tableData, tableKinds } from "../../src/tables/index.js";
import { identityCheckpoint } from "./identity-run.js";
import { csvOf, measurements, tableOf, type Cells } from "./measurements.js";
import { closeAfter } from "../support/engine.js";

const engine = await nodeEngine({ threads: 1 });
const data = tableData(await tableOf(csvOf(measurements(200, 1))));
const runner = await openRunner(identityCheckpoint(data), { engine });
closeAfter(runner, engine);
const kinds = tableKinds(runner.data!.table!);

/** Rows of which every fifth is far out, with a label. */
function labelled(texts: readonly [normal: string, outlier: string], rows = 40): Cells[] {
  return measurements(rows, 2).map((one, i) =>
    i % 5 === 0 ? { ...one, length: "1600", kind: texts[1] } : { ...one, kind: texts[0] },
  );
}

function reader(rows: readonly Cells[]): Promise<TableReader> {
  const bytes = new TextEncoder().encode(csvOf(rows));
  return openTable(bytesSource("other.csv", bytes), { kinds, invalid: "missing", chunkRows: 7 });
}

describe("evaluateTable", () => {
  it("measures how well outliers are found, whatever the label's values", async () => {
    const rows = labelled(["0", "1"]);
    const table = await tableOf(csvOf(rows), { kinds });
    const { score } = await scoreTable(runner, table);
    const expected = auroc(
      score,
      rows.map((_, i) => i % 5 === 0),
    );
    for (const [texts, outlier] of [
      [["0", "1"], "1"],
      [["false", "true"], "true"],
      [["good", "zebra"], "zebra"],
      [["zebra", "good"], "zebra"],
      [["1", "-1"], "-1"],
      [["a", "b"], "b"],
    ] as const) {
      const { evaluation, scores } = await evaluateTable(runner, await reader(labelled(texts)), {
        label: "kind",
      });
      const { detection, label } = evaluation;
      assert.deepEqual(label, { column: "kind", outlier, unlabelled: 0 });
      const isTurned = texts[0] === "zebra";
      assert.deepEqual([detection!.normals, detection!.outliers], isTurned ? [8, 32] : [32, 8]);
      const area = isTurned ? 1 - expected : expected;
      assert.ok(Math.abs(detection!.auroc - area) < 1e-9);
      assert.equal(scores.normals.length, detection!.normals);
      assert.deepEqual(evaluation.surplus, []);
    }
  });

  it("leaves out rows without a label or a score, and says how many", async () => {
    const rows = labelled(["0", "1"]).map((one, i) => ({
      ...one,
      ...(i === 3 && { kind: "" }),
      ...(i === 4 && { mass: "heavy" }),
    }));
    const { evaluation } = await evaluateTable(runner, await reader(rows), { label: "kind" });
    assert.equal(evaluation.rows, 40);
    assert.equal(evaluation.unscored, 1);
    assert.equal(evaluation.label!.unlabelled, 1);
    assert.equal(evaluation.detection!.normals, 30);
    assert.ok(evaluation.logProb! < 0 && evaluation.standardError! > 0);
  });

  it("takes the value it is told, and says what it can't tell", async () => {
    const told = { label: "site", outlier: "east" };
    const { evaluation } = await evaluateTable(runner, await reader(measurements(30, 3)), told);
    assert.equal(evaluation.label!.outlier, "east");
    const rejected = async (rows: Cells[], options: object, message: RegExp): Promise<void> => {
      await assert.rejects(evaluateTable(runner, await reader(rows), options), message);
    };
    await rejected(measurements(30, 3), { label: "site" }, /expected two values .* got 3 of them/);
    await rejected(measurements(30, 3), { label: "gain" }, /got 1 of them: "7"/);
    await rejected(measurements(30, 3), { label: "sit" }, /did you mean "site"/);
    await rejected(measurements(30, 3), { ...told, outlier: "eats" }, /did you mean "east"/);
    await rejected(measurements(30, 3), { outlier: "east" }, /expected a label beside outlier/);
    const even = labelled(["a", "b"]).map((one, i) => ({ ...one, kind: i % 2 === 0 ? "a" : "b" }));
    await rejected(even, { label: "kind" }, /two that are equally frequent/);
    const bad = measurements(3, 3).map((one) => ({ ...one, mass: "heavy" }));
    await rejected(bad, {}, /expected a row that can be scored, got none/);
  });

  it("takes all rows for normal without a label", async () => {
    const { evaluation, scores } = await evaluateTable(runner, await reader(measurements(30, 3)));
    assert.equal(evaluation.detection, undefined);
    assert.equal(scores.normals.length, 30);
    assert.equal(evaluation.flagged!.length, 2);
  });
});
