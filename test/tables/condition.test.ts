import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { madeTable, textColumn } from "../../src/data/table.js";
import { nodeEngine } from "../../src/engine/node.js";
import { DataError, UsageError } from "../../src/errors.js";
import { Random } from "../../src/random.js";
import { openRunner } from "../../src/runner/index.js";
import {
  fitTable,
  sampleTable,
  scoreTable,
  tableData,
  TableExplainer,
  tableKinds,
  tableSummary,
  type TableDataOptions,
} from "../../src/tables/index.js";
import { csvOf, tableOf, type Cells } from "./measurements.js";
import { closeAfter } from "../support/engine.js";

const engine = await nodeEngine({ threads: 1 });

const shift: Readonly<Record<string, number>> = { a: 0, b: 4 };

/** x = 2(year − 2010)/10 + shift of the kind + ½ of a normal number. */
function rowsOf(count: number, seed: number): (Cells & { readonly z: string })[] {
  const random = Random.fromSeed(seed);
  const [z, year] = [random.split("z").normal(count), random.split("year").uniform(count)];
  return Array.from({ length: count }, (_, i) => {
    const [when, kind] = [2000 + Math.floor(20 * year[i]!), i % 2 === 0 ? "a" : "b"];
    const x = 0.2 * (when - 2010) + shift[kind]! + 0.5 * z[i]!;
    return { year: String(when), kind, x: x.toFixed(5), z: String(z[i]) };
  });
}

const csv = (rows: readonly Cells[]): string =>
  csvOf(rows.map(({ year, kind, x }) => ({ year: year!, kind: kind!, x: x! })));
const table = await tableOf(csv(rowsOf(800, 1)));
const options: TableDataOptions = { condition: ["year", "kind"] };
const data = tableData(table, options);
const fitted = await fitTable(data, { engine, steps: 300, onWarning: () => undefined });
const runner = await openRunner(fitted!.checkpoint, { engine });
closeAfter(runner, engine);
const kinds = tableKinds(runner.data!.table!);

describe("a condition", () => {
  it("is columns of their own: numbers standardised, categories one-hot, both said", () => {
    assert.deepEqual(data.shape, [1]);
    assert.equal(data.condition, 3);
    const [year, ...levels] = data.preprocessing!.condition!;
    assert.ok(Math.abs(year!.offset - 2009.5) < 1 && Math.abs(year!.scale - 5.8) < 0.5);
    assert.deepEqual(levels, [
      { offset: 0, scale: 1 },
      { offset: 0, scale: 1 },
    ]);
    const texts = Object.fromEntries(tableSummary(data).map((one) => [one.column, one.text]));
    assert.match(texts.year!, /^condition: numbers: standardised \(mean 20/);
    assert.match(texts.kind!, /^condition: category of 2 levels, "a", "b": a number for each/);
  });

  it("gives log p(x | condition), near that of the truth", async () => {
    const fresh = rowsOf(400, 2);
    const { logProb } = await scoreTable(runner, await tableOf(csv(fresh), { kinds }));
    const gap = fresh.reduce((sum, { z }, row) => {
      const truth = -(Number(z) ** 2) / 2 - Math.log(0.5 * Math.sqrt(2 * Math.PI));
      return sum + (truth - logProb[row]!) / fresh.length;
    }, 0);
    // The mean gap is a Kullback-Leibler divergence, at least 0 but for the noise of 400 rows.
    assert.ok(gap > -0.05 && gap < 0.15, `${gap}`);
  });

  it("integrates to 1 over x for every condition", async () => {
    for (const [year, kind] of [
      ["2001", "a"],
      ["2018", "b"],
    ] as const) {
      const width = 0.02;
      const grid = Array.from({ length: 1000 }, (_, i) => -8 + width * i);
      const rows = grid.map((x) => ({ year, kind, x: x.toFixed(5) }));
      const { logProb } = await scoreTable(runner, await tableOf(csvOf(rows), { kinds }));
      const integral = logProb.reduce((sum, one) => sum + width * Math.exp(one), 0);
      assert.ok(Math.abs(integral - 1) < 0.01, `${integral}`);
    }
  });

  it("that training didn't see, or that is empty, is reported with its place", async () => {
    const rows = rowsOf(4, 3);
    rows[1]!.kind = "c";
    rows[2]!.year = "";
    const scores = await scoreTable(runner, await tableOf(csv(rows), { kinds }));
    assert.deepEqual(Array.from(scores.logProb, Number.isNaN), [false, true, true, false]);
    assert.deepEqual(
      scores.problems.map(({ line, column, got }) => [line, column, got]),
      [
        [3, "kind", '"c"'],
        [4, "year", "nothing"],
      ],
    );
  });

  it("decides what is drawn, in the types of the file", async () => {
    const random = Random.fromSeed(4);
    const drawn = await sampleTable(runner, 300, { random, condition: { year: 2015, kind: "b" } });
    const [x, year, kind] = drawn.columns;
    assert.ok(x?.kind === "number" && year?.kind === "number" && kind?.kind === "text");
    const mean = x.values.reduce((sum, one) => sum + one / 300, 0);
    assert.ok(Math.abs(mean - 5) < 0.2, `${mean}`);
    assert.ok(year.values.every((one) => one === 2015));
    assert.ok(kind.codes.every((code) => kind.dictionary[code] === "b"));
  });

  it("may be a level that files take for a missing cell, or an empty cell alone", async () => {
    const sites = ["NA", "None", undefined];
    const made = madeTable("made", 240, [
      { name: "x", kind: "number", values: Float64Array.from(Random.fromSeed(6).normal(240)) },
      textColumn(
        "site",
        Array.from({ length: 240 }, (_, i) => sites[i % 3]),
      ),
    ]);
    const given = tableData(made, { condition: ["site"] });
    const short = await fitTable(given, { engine, steps: 8, onWarning: () => undefined });
    await using opened = await openRunner(short!.checkpoint, { engine });
    for (const site of sites) {
      const [random, condition] = [Random.fromSeed(7), { site: site ?? "" }];
      const [, drawn] = (await sampleTable(opened, 2, { random, condition })).columns;
      assert.ok(drawn?.kind === "text");
      const texts = Array.from(drawn.codes, (code) => drawn.dictionary[code]);
      assert.deepEqual(texts, [site, site]);
    }
  });

  it("is taken as given by explanations: x is usual or not beside it", async () => {
    const rows = [
      { year: "2018", kind: "b", x: "5.6" },
      { year: "2002", kind: "a", x: "5.6" },
      { year: "2002", kind: "z", x: "5.6" },
      { year: "1e300", kind: "a", x: "5.6" },
    ];
    const read = await tableOf(csvOf(rows), { kinds });
    const explainer = await TableExplainer.open(runner);
    const [usual, odd, ...others] = await explainer.explain(read);
    assert.ok((usual!.columns[0]?.drop ?? 0) < 0.5);
    assert.deepEqual(
      odd!.columns.map(({ column }) => column),
      ["x"],
    );
    assert.ok(Math.abs(Number(odd!.columns[0]!.usual) + 1.6) < 0.3, `${odd!.columns[0]!.usual}`);
    // Up to float32, since other rows make another batch.
    const [alone] = await explainer.explain(read, { rows: [1] });
    assert.ok(Math.abs(alone!.columns[0]!.drop - odd!.columns[0]!.drop) < 1e-3);
    assert.ok(Math.abs(Number(alone!.columns[0]!.usual) - Number(odd!.columns[0]!.usual)) < 0.01);
    assert.deepEqual(others, []);
    const { problems } = await scoreTable(runner, read);
    assert.deepEqual(
      problems.map(({ line }) => line),
      [4, 5],
    );
  });

  it("has to be given whole, by columns and levels that there are", async () => {
    const random = Random.fromSeed(4);
    const draw = (condition?: Record<string, string>): Promise<unknown> =>
      sampleTable(runner, 1, { random, ...(condition && { condition }) });
    await assert.rejects(draw(), /expected a condition with "year", "kind", got none for "year"/);
    await assert.rejects(draw({ year: "2015" }), /got none for "kind"/);
    await assert.rejects(draw({ year: "2015", kinds: "a" }), /did you mean "kind"/);
    await assert.rejects(draw({ year: "2015", kind: "z" }), /column "kind": expected one of "a"/);
    await assert.rejects(draw({ year: "soon", kind: "a" }), /column "year": expected a number/);
  });
});

describe("tableData with a condition", () => {
  it("takes a label for one where the model is a density", async () => {
    const labelled = tableData(table, { label: "kind", condition: ["year"], model: "made" });
    assert.equal(labelled.condition, 3);
    const rows = (await labelled.split("train")).take([0, 1, 2]);
    const [first] = rows.labels!;
    assert.deepEqual(Array.from(rows.condition!.data).slice(1, 3), first === 0 ? [1, 0] : [0, 1]);
  });

  it("refuses what can't be one, and models that take none", async () => {
    const other = await tableOf(
      csvOf(rowsOf(40, 5).map((one, i) => ({ ...one, name: `row ${i}`, label: String(i % 2) }))),
    );
    const cases: readonly [TableDataOptions, RegExp, typeof UsageError | typeof DataError][] = [
      [{ condition: ["yer"] }, /did you mean "year"/, UsageError],
      [{ condition: ["year"], ignore: ["year"] }, /"year" as condition and as ignore/, UsageError],
      [{ condition: ["name"] }, /condition "name" to be numbers or categories/, DataError],
      [{ condition: ["year", "kind", "x", "z", "name", "label"] }, /condition "name"/, DataError],
      [
        { condition: ["year"], label: "label" },
        /models that take one are i-resnet-density/,
        UsageError,
      ],
      [{ ...{ model: "mof" as "maf" } }, /did you mean "maf"/, UsageError],
      [{ label: "x" }, /expected column "x" to hold classes, got 40 different values/, DataError],
    ];
    for (const [given, message, kind] of cases) {
      assert.throws(
        () => tableData(other, given),
        (error) => error instanceof kind && message.test(error.message),
        String(message),
      );
    }
  });
});
