import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import {
  arrayData,
  bytesSource,
  DataError,
  maf,
  openModel,
  openTable,
  Random,
  readTable,
  scoresAsTable,
  scoreTable,
  tableData,
  type AnyRunner,
  type DataSet,
  type NumberArray,
  type Table,
} from "../../src/index.js";
import { describeData } from "../../src/data/index.js";
import { assertSameRows } from "../support/rows.js";

const rows = 40;
const columns = ["real", "count"];
/** A real column and whole numbers about `centre`. */
function table(centre = 0): NumberArray {
  const noise = Random.fromSeed(1).normal(rows);
  const data = Array.from(noise, (value, row) => [value, centre + (row % 7)]).flat();
  return { shape: [rows, 2], data };
}

/** A density of a data set, with its first numbers. */
function opened(data: DataSet): Promise<AnyRunner> {
  const model = maf({ shape: data.shape, hidden: [4], layers: 1 });
  const arrays = model.scope.initialArrays(Random.fromSeed(1));
  return openModel(model, arrays, { engine: referenceEngine(), data: describeData(data) });
}

describe("fractions in whole-number columns", () => {
  const x = { shape: [4, 2], data: Float64Array.of(0.1, 3, 0.1, 2.5, 0.3, 4, 0.4, -0.5) };

  it("have density 0: an error names row and column, or NaN stands for them alone", async () => {
    const runner = await opened(arrayData({ x: table(), columns }));
    await assert.rejects(runner.score(x), (error) => {
      assert.ok(error instanceof DataError);
      assert.deepEqual(error.details.rows, [1, 3]);
      assert.deepEqual(error.details.columns, ["count"]);
      assert.match(error.message, /whole numbers in column "count" of x, .* got 2\.5 in row 1/);
      return true;
    });
    const got = await runner.score(x, { invalid: "nan" });
    assert.deepEqual(Array.from(got.logProb.data, Number.isNaN), [false, true, false, true]);
    const mended = { ...x, data: x.data.map((value, i) => (i % 2 ? Math.floor(value) : value)) };
    const right = await runner.score(mended);
    assertSameRows({ logProb: got.logProb }, { logProb: right.logProb }, [0, 2]);
  });

  it("are mapped all the same, as what an inverse gives must be", async () => {
    const runner = await opened(arrayData({ x: table(), columns }));
    const back = await runner.inverse(await runner.forward(x));
    back.data.forEach((value, i) => {
      assert.ok(Math.abs(value - x.data[i]!) < 1e-5, `${value}, not ${x.data[i]}`);
    });
  });

  it("never come from sampling, also where float32 can't tell one from a whole number", async () => {
    const runner = await opened(arrayData({ x: table(1e9), columns }));
    const samples = await runner.sample(50, { random: Random.fromSeed(1) });
    assert.ok((await runner.score(samples)).logProb.data.every(Number.isFinite));
    for (const [value, isWhole] of [
      [1e9 + 1, true],
      [1e9 + 0.0000001, false],
    ] as const) {
      const row = { shape: [1, 2], data: Float64Array.of(0.1, value) };
      const { logProb } = await runner.score(row, { invalid: "nan" });
      assert.equal(Number.isFinite(logProb.data[0]), isWhole, `${value}`);
    }
  });

  it("make a column real wherever a data set holds one, held out or not", () => {
    const usual = table();
    const kinds = (data: DataSet): string[] => data.preprocessing!.columns.map(({ kind }) => kind);
    assert.deepEqual(kinds(arrayData({ x: usual, columns })), ["real", "whole"]);
    for (let row = 0; row < rows; row++) {
      const spoilt = Float64Array.from(usual.data);
      spoilt[2 * row + 1] = 2.5;
      assert.deepEqual(kinds(arrayData({ x: { ...usual, data: spoilt } })), ["real", "real"]);
    }
    for (const split of ["validation", "test"]) {
      assert.deepEqual(kinds(arrayData({ x: usual, [split]: { x } })), ["real", "real"], split);
    }
  });
});

describe("fractions in whole-number columns of a file", () => {
  const file = async (lines: readonly string[]): Promise<Table> =>
    readTable(await openTable(bytesSource("file.csv", new TextEncoder().encode(lines.join("\n")))));
  const usual = Array.from({ length: rows }, (_, row) => `${Math.sin(row)},${row % 7}`);
  const scale = { median: 0, tail: 1 };
  const calibration = {
    surprise: scale,
    distance: scale,
    neighbours: [0, 0],
    scores: [-1, 0, 1],
    beyond: 0,
  };

  it("are named by line and column, and their rows alone have no score", async () => {
    const data = tableData(await file(["real,count", ...usual]));
    const model = maf({ shape: data.shape, hidden: [4], layers: 1 });
    const runner = await openModel(model, model.scope.initialArrays(Random.fromSeed(1)), {
      engine: referenceEngine(),
      data: { ...describeData(data), calibration },
    });
    const scores = await scoreTable(
      runner,
      await file(["real,count", "0.1,3", "0.1,2.5", "0.2,", "inf,1", "0.4,4"]),
    );
    assert.deepEqual(Array.from(scores.pValue, Number.isNaN), [false, true, true, true, false]);
    assert.deepEqual(
      scores.problems.map(({ line, column, got }) => [line, column, got]),
      [
        [3, "count", "2.5"],
        [4, "count", "nothing"],
        [5, "real", "Infinity"],
      ],
    );
    const note = scoresAsTable(scores).columns.find(({ name }) => name === "note");
    assert.ok(note?.kind === "text");
    assert.match(note.dictionary[0]!, /^count: expected a whole number, .* got 2\.5$/);
  });
});
