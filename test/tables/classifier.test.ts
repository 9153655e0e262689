import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytesSource, openTable } from "../../src/data/readers/index.js";
import { evaluate, reconstruct } from "../../src/measure/index.js";
import { Random } from "../../src/random.js";
import { openRunner, type AnyRunner } from "../../src/runner/index.js";
import {
  evaluateTable,
  fitTable,
  predictionsAsTable,
  predictTable,
  scoresAsTable,
  scoreTable,
  tableData,
  tableKinds,
  tableSummary,
  type TableDataOptions,
} from "../../src/tables/index.js";
import { csvOf, tableOf, type Cells } from "./measurements.js";
import { testEngine } from "../support/engine.js";

const engine = await testEngine();

const species = ["red fox", "blue, jay", "Ünicode"];

/** Three species that lie 6 deviations apart; one level of a category has one row, one cell is empty. */
function rowsOf(count: number, seed: number): Cells[] {
  const [a, b] = ["a", "b"].map((name) => Random.fromSeed(seed).split(name).normal(count));
  return Array.from({ length: count }, (_, i) => ({
    species: `"${species[i % 3]!}"`,
    code: String(10 * (i % 3)),
    length: (1000 + 6 * (i % 3) + a![i]!).toFixed(3),
    mass: i === 5 ? "" : (b![i]! / 1000).toFixed(7),
    site: i === 9 ? "rare" : ["north", "south"][i % 2]!,
  }));
}

const table = await tableOf(csvOf(rowsOf(400, 1)));

async function learned(options: TableDataOptions): Promise<AnyRunner> {
  const data = tableData(table, options);
  const { model } = options;
  const fitted = await fitTable(data, {
    engine,
    steps: 150,
    onWarning: () => undefined,
    ...(model && { model }),
  });
  return openRunner(fitted!.checkpoint, { engine });
}

describe("a label", () => {
  const options = { label: "species", ignore: ["code"] } as const;
  const data = tableData(table, options);

  it("is what an invertible classifier predicts, from categories one-hot", () => {
    assert.deepEqual(data.classes, ["blue, jay", "red fox", "Ünicode"]);
    const names = data.preprocessing!.columns.map(({ name }) => name);
    assert.deepEqual(names.slice(-3), ["site is north", "site is rare", "site is south"]);
    const label = tableSummary(data).find(({ column }) => column === "species");
    assert.match(label!.text, /label: 3 classes, "blue, jay", "red fox"/);
  });

  it("is told by name, with probabilities, and rows that can't be taken are listed", async () => {
    const runner = await learned(options);
    const kinds = tableKinds(runner.data!.table!);
    const fresh = rowsOf(90, 2).map((one, i) => (i === 4 ? { ...one, site: "west" } : one));
    const predictions = await predictTable(runner, await tableOf(csvOf(fresh), { kinds }));
    const { predicted, truth, probabilities, problems } = predictions;
    const wrong = predicted.filter((place, row) => row !== 4 && place !== truth![row]).length;
    assert.ok(wrong <= 3, `${wrong} of 89 wrong`);
    assert.deepEqual([predicted[4], problems.length, problems[0]?.column], [-1, 1, "site"]);
    for (let row = 0; row < 90; row++) {
      const sum = probabilities.subarray(3 * row, 3 * row + 3).reduce((total, p) => total + p, 0);
      if (row === 4) assert.ok(Number.isNaN(sum));
      else assert.ok(Math.abs(sum - 1) < 1e-5);
    }
    const written = predictionsAsTable(predictions).columns.map(({ name }) => name);
    assert.deepEqual(written, [
      "line",
      "class",
      "p(blue, jay)",
      "p(red fox)",
      "p(Ünicode)",
      "note",
    ]);
    // The label needn't be there.
    const bare = fresh.map((row) => Object.fromEntries(Object.entries(row).slice(1)));
    const again = await predictTable(runner, await tableOf(csvOf(bare), { kinds }));
    assert.deepEqual(again.predicted, predicted);
    assert.equal(again.truth, undefined);

    const open = (rows: readonly Cells[]) =>
      openTable(bytesSource("new.csv", new TextEncoder().encode(csvOf(rows))), {
        kinds,
        invalid: "missing",
        chunkRows: 7,
      });
    const told = fresh.map((one, i) => ({ ...one, ...(i < 3 && { species: i < 2 ? "cat" : "" }) }));
    const { evaluation, scores } = await evaluateTable(runner, await open(told));
    const { classification: found, rows, unscored } = evaluation;
    assert.deepEqual([rows, unscored], [90, 1]);
    assert.deepEqual([found!.column, found!.unlabelled, found!.examples], ["species", 3, 86]);
    const errors = predicted.filter((place, row) => row > 4 && place !== truth![row]).length;
    assert.equal(found!.errors, errors + Number(predicted[3] !== truth![3]));
    assert.equal(
      found!.confusion!.counts.flat().reduce((sum, one) => sum + one, 0),
      86,
    );
    assert.deepEqual([evaluation.logProb, scores.normals.length], [undefined, 0]);
    const labelled = await evaluateTable(runner, await open(told), { label: "species" });
    assert.deepEqual(labelled.evaluation, evaluation);
    await assert.rejects(evaluateTable(runner, await open(bare)), /expected a column "species"/);
    const other = { label: "site" };
    await assert.rejects(evaluateTable(runner, await open(told), other), /no label of outliers/);
    const strange = fresh.map((one) => ({ ...one, species: "cat" }));
    await assert.rejects(
      evaluateTable(runner, await open(strange)),
      /a row of a class of training/,
    );
    await runner.close();
  });

  it("is evaluated with confusions by name, and rows come back from the latent", async () => {
    const runner = await learned(options);
    const heldOut = await data.split("validation");
    const found = await evaluate(runner, heldOut);
    assert.ok(found.task === "classification");
    const { classes, counts } = found.confusion!;
    assert.deepEqual(classes, data.classes);
    const flat = counts.flat();
    assert.equal(
      flat.reduce((sum, count) => sum + count, 0),
      heldOut.count,
    );
    const right = counts.reduce((sum, row, place) => sum + row[place]!, 0);
    assert.equal(heldOut.count - right, found.errors);
    const { reconstruction } = await reconstruct(runner, heldOut);
    assert.ok(reconstruction.maxError < 2e-3, `${reconstruction.maxError}`);
    await runner.close();
  });

  it("may hold numbers, in their order, and go with a density in a hybrid", async () => {
    const hybrid = { label: "code", ignore: ["species"], model: "i-resnet-hybrid" } as const;
    const runner = await learned(hybrid);
    assert.deepEqual(runner.data!.classes, ["0", "10", "20"]);
    const fresh = await tableOf(csvOf(rowsOf(60, 3)), { kinds: tableKinds(runner.data!.table!) });
    const [scores, predictions] = [
      await scoreTable(runner, fresh),
      await predictTable(runner, fresh),
    ];
    assert.ok(scores.logProb.every(Number.isFinite));
    const wrong = predictions.predicted.filter((place, row) => place !== predictions.truth![row]);
    assert.ok(wrong.length <= 3, `${wrong.length} of 60 wrong`);
    const written = scoresAsTable(scores, predictions).columns.map(({ name }) => name);
    assert.deepEqual(written.slice(3, 6), ["p_value", "class", "p(0)"]);
    const reader = await openTable(
      bytesSource("new.csv", new TextEncoder().encode(csvOf(rowsOf(60, 3)))),
      { kinds: tableKinds(runner.data!.table!) },
    );
    const { evaluation } = await evaluateTable(runner, reader);
    assert.equal(evaluation.classification!.errors, wrong.length);
    assert.ok(Number.isFinite(evaluation.logProb));
    await runner.close();
  });
});
