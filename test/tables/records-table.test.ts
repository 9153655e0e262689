import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nodeEngine } from "../../src/engine/node.js";
import { DataError } from "../../src/errors.js";
import { openRunner } from "../../src/runner/index.js";
import { recordsTable, scoreTable, tableData, tableKinds } from "../../src/tables/index.js";
import { identityCheckpoint } from "./identity-run.js";
import { csvOf, measurements, tableOf } from "./measurements.js";
import { closeAfter } from "../support/engine.js";

const engine = await nodeEngine({ threads: 1 });
const rows = measurements(200, 1).map((one, i) => (i === 9 ? { ...one, temperature: "" } : one));
const checkpoint = identityCheckpoint(tableData(await tableOf(csvOf(rows))));
const runner = await openRunner(checkpoint, { engine });
closeAfter(runner, engine);
const plan = runner.data!.table!;

/** A row of the file as JSON has it. */
function recordOf({ name, site, day, ok, ...numbers }: Record<string, string>): object {
  const values = Object.entries(numbers).map(([key, text]): [string, number] => [
    key,
    Number(text),
  ]);
  return { name, site, day, ok: ok === "true", ...Object.fromEntries<number>(values) };
}

describe("recordsTable", () => {
  it("gives rows the scores that they have in a file", async () => {
    const fresh = measurements(3, 2);
    const records = fresh.map(recordOf) as Record<string, unknown>[];
    // With one before them they have the lines that they have below a header.
    const inHand = await scoreTable(runner, recordsTable([records[0]!, ...records], plan));
    const file = await tableOf(csvOf(fresh), { kinds: tableKinds(plan) });
    const inFile = await scoreTable(runner, file);
    assert.deepEqual(inHand.problems, []);
    inFile.logProb.forEach((value, row) => {
      const other = inHand.logProb[row + 1]!;
      assert.ok(Math.abs(value - other) < 1e-4, `${value} ${other}`);
    });
    const [same] = (await scoreTable(runner, recordsTable([records[0]!], plan))).logProb;
    assert.ok(Math.abs(same! - inHand.logProb[0]!) < 1e-4);
  });

  it("takes empty cells and dates, and lists values of another kind", async () => {
    const [row] = measurements(1, 2).map(recordOf) as [Record<string, unknown>];
    const { temperature, ...rest } = row;
    assert.ok(temperature !== undefined);
    const when = new Date(`${String(row.day)}T00:00:00Z`);
    const table = recordsTable(
      [rest, { ...row, temperature: null }, { ...row, day: when }, { ...row, mass: "heavy" }],
      plan,
    );
    const { pValue, problems } = await scoreTable(runner, table);
    assert.deepEqual(Array.from(pValue, Number.isNaN), [false, false, false, true]);
    assert.deepEqual(problems, [
      { row: 3, line: 4, column: "mass", expected: "a number", got: 'the text "heavy"' },
    ]);
  });

  it("names a column that is missing, with the nearest name, and what is no row", async () => {
    const [{ mass, ...rest }] = measurements(1, 2).map(recordOf) as [Record<string, unknown>];
    await assert.rejects(
      scoreTable(runner, recordsTable([{ ...rest, mas: mass }], plan)),
      /expected a column "mass", as in training.*did you mean "mas"/,
    );
    assert.throws(() => recordsTable([], plan), DataError);
    assert.throws(
      () => recordsTable([rest, JSON.parse("[1]") as Record<string, unknown>], plan),
      /got an array for row 1/,
    );
  });
});
