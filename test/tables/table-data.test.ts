import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeData, type SplitName } from "../../src/data/index.js";
import { DataError, UsageError } from "../../src/errors.js";
import {
  decodeTable,
  encodeTable,
  tableData,
  tableKinds,
  tableSummary,
} from "../../src/tables/index.js";
import { csvOf, measurements, tableOf } from "./measurements.js";

const rows = measurements(100, 1);
const table = await tableOf(csvOf(rows));

/** The rows with other cells in one of them. */
const changed = (row: number, cells: Readonly<Record<string, string>>): string =>
  csvOf(rows.map((one, i) => (i === row ? { ...one, ...cells } : one)));

describe("tableData", () => {
  it("makes numbers of each kind of column, and leaves out what says nothing", async () => {
    const data = tableData(table);
    const names = ["length", "mass", "count", "temperature", "site", "when", "day", "ok"];
    assert.deepEqual(data.shape, [8]);
    const { x } = (await data.split("train")).take([0]);
    const kinds = data.preprocessing!.columns.map(({ name, kind }) => `${name} ${kind}`);
    const wholes = ["count", "site", "when", "day", "ok"];
    assert.deepEqual(kinds, [
      ...names.map((name) => `${name} ${wholes.includes(name) ? "whole" : "real"}`),
      "gain constant",
    ]);
    const sites = ["east", "north", "south"];
    const row = rows.find(({ length }) => Number(length) === x.data[0])!;
    assert.deepEqual(Array.from(x.data), [
      Number(row.length),
      Number(row.mass),
      Number(row.count),
      Number(row.temperature),
      sites.indexOf(row.site!),
      Number(row.when),
      Date.parse(row.day!),
      row.ok === "true" ? 1 : 0,
      7,
    ]);
  });

  it("holds out a share of the rows, the same ones each time", async () => {
    for (const [holdout, count] of [
      [undefined, 15],
      [0.4, 40],
    ] as const) {
      const data = tableData(table, holdout === undefined ? {} : { holdout });
      const heldOut = await data.split("validation");
      assert.equal(heldOut.count, count);
      assert.equal((await data.split("train")).count, 100 - count);
    }
  });

  it("puts the training median in the place of an empty cell, and says so in a column beside it", async () => {
    const csv = csvOf(rows.map((one, i) => (i % 10 === 0 ? { ...one, mass: "", site: "" } : one)));
    const data = tableData(await tableOf(csv));
    const train = await data.split("train");
    const { x } = train.take(Array.from({ length: train.count }, (_, row) => row));
    const at = data.preprocessing!.columns.map(({ name }) => name);
    const column = (name: string): number[] =>
      Array.from({ length: train.count }, (_, row) => x.data[row * at.length + at.indexOf(name)]!);
    const missing = column("mass is missing");
    const present = column("mass").filter((_, row) => missing[row] === 0);
    const fill = column("mass").find((_, row) => missing[row] === 1)!;
    assert.ok(missing.includes(0) && missing.includes(1));
    assert.ok(present.includes(fill));
    const below = present.filter((one) => one < fill).length;
    assert.ok(Math.abs(below - present.length / 2) <= 2, `${below} of ${present.length}`);
    // An empty category is a level after the others.
    column("site").forEach((code, row) => {
      assert.equal(code === 3, missing[row] === 1);
    });
    const { table: plan, ...complete } = tableData(await tableOf(csv), { missing: "refuse" });
    const count = async (split: SplitName): Promise<number> => (await complete.split(split)).count;
    assert.equal((await count("train")) + (await count("validation")), 90);
    assert.deepEqual(
      plan!.columns.find((one) => one.name === "mass"),
      { name: "mass", kind: "number", refused: 10 },
    );
  });

  it("takes a column for the classes and leaves others out", async () => {
    const data = tableData(table, { label: "site", ignore: ["when", "day"] });
    assert.deepEqual(data.classes, ["east", "north", "south"]);
    assert.deepEqual(data.shape, [5]);
    const { labels, x } = (await data.split("train")).take([3]);
    const row = rows.find(({ length }) => Number(length) === x.data[0])!;
    assert.equal(data.classes[labels![0]!], row.site);
  });

  it("says in a sentence what was decided on each column", () => {
    const summary = Object.fromEntries(
      tableSummary(tableData(table, { label: "ok", ignore: ["day"] })).map(({ column, text }) => [
        column,
        text,
      ]),
    );
    assert.deepEqual(Object.keys(summary).sort(), Object.keys(rows[0]!).sort());
    assert.match(summary.name!, /left out: 100 different texts/);
    assert.match(summary.length!, /^numbers: standardised \(mean 1.*, deviation/);
    assert.match(summary.count!, /^numbers: whole, made real by noise/);
    assert.match(summary.site!, /category of 3 levels, "east", "north", "south"/);
    assert.match(summary.gain!, /always 7, left out/);
    assert.match(summary.day!, /left out: as was asked/);
    assert.match(summary.ok!, /label: 2 classes, "false", "true"/);
  });

  it("refuses what it can't learn from", async () => {
    const csv = csvOf(rows.slice(0, 7));
    await assert.rejects(async () => tableData(await tableOf(csv)), DataError);
    assert.throws(() => tableData(table, { label: "sit" }), /did you mean "site"/);
    assert.throws(() => tableData(table, { holdout: 0.001 }), UsageError);
    assert.throws(() => tableData(table, { holdout: 1 }), UsageError);
    const names = Object.keys(rows[0]!);
    assert.throws(() => tableData(table, { ignore: names }), DataError);
    await assert.rejects(
      async () => tableData(await tableOf(changed(4, { mass: "inf" }))),
      /line 6, column "mass": expected a finite number, got Infinity/,
    );
  });
});

describe("encodeTable", () => {
  const { table: plan } = describeData(tableData(table));
  const kinds = tableKinds(plan!);

  it("gives the numbers of training, from JSON, in any order of columns and rows however few", async () => {
    const stored = JSON.parse(JSON.stringify(plan)) as typeof plan;
    const { x } = encodeTable(table, stored!);
    const reversed = rows
      .slice(5, 6)
      .map((one) => Object.fromEntries(Object.entries(one).reverse()));
    const one = encodeTable(await tableOf(csvOf(reversed), { kinds }), stored!);
    assert.deepEqual(one.x.data, x.data.slice(5 * 9, 6 * 9));
    assert.deepEqual(one.surplus, []);
  });

  it("names cells that it can't take, once each, and gives NaN for their rows alone", async () => {
    const csv = csvOf(
      rows.slice(0, 6).map((one, i) => ({
        ...one,
        ...(i === 1 && { site: "west" }),
        ...(i === 2 && { mass: "heavy" }),
        ...(i === 4 && { length: "" }),
        extra: "1",
      })),
    );
    const read = await tableOf(csv, { kinds, invalid: "missing" });
    const { x, problems, surplus } = encodeTable(read, plan!, { invalid: "nan" });
    assert.deepEqual(
      problems.map(({ line, column }) => [line, column]),
      [
        [3, "site"],
        [4, "mass"],
        [6, "length"],
      ],
    );
    assert.equal(problems[0]!.got, '"west"');
    const isBad = Array.from({ length: 6 }, (_, row) =>
      x.data.slice(row * 9, row * 9 + 9).every(Number.isNaN),
    );
    assert.deepEqual(isBad, [false, true, true, false, true, false]);
    assert.deepEqual(surplus, ["extra"]);
    assert.throws(
      () => encodeTable(read, plan!),
      (error) =>
        error instanceof DataError &&
        /line 3, column "site": expected one of "east".*got "west" \(and 2 more\)/.test(
          error.message,
        ) &&
        error.details.columns?.[0] === "site",
    );
  });

  it("names columns that are missing or of another kind", async () => {
    const renamed = csvOf(rows.map(({ mass, ...rest }) => ({ ...rest, masses: mass! })));
    const read = await tableOf(renamed, { kinds });
    assert.throws(
      () => encodeTable(read, plan!),
      (error) =>
        error instanceof DataError &&
        /expected a column "mass".*did you mean "masses"/.test(error.message) &&
        error.details.columns?.[0] === "mass",
    );
    const other = await tableOf(csvOf(rows), { kinds: { when: "text" } });
    assert.throws(() => encodeTable(other, plan!), /"when" to be of kind number, .* got text/);
  });
});

describe("decodeTable", () => {
  it("undoes encodeTable, empty cells included", async () => {
    const some = rows.map((one, i) => (i % 10 === 0 ? { ...one, mass: "", site: "" } : one));
    const read = await tableOf(csvOf(some));
    const { table: plan } = tableData(read, { ignore: ["name", "day"] });
    const decoded = decodeTable(encodeTable(read, plan!).x, plan!);
    const kept = read.columns.filter(({ name }) => name !== "name" && name !== "day");
    assert.deepEqual(
      decoded.columns.map(({ name, kind }) => ({ name, kind })),
      kept.map(({ name, kind }) => ({ name, kind })),
    );
    decoded.columns.forEach((column, c) => {
      const original = kept[c]!;
      if (column.kind === "text" && original.kind === "text") {
        const texts = (one: typeof column): unknown[] =>
          Array.from(one.codes, (code) => one.dictionary[code]);
        assert.deepEqual(texts(column), texts(original));
      } else if (column.kind !== "text" && original.kind !== "text") {
        assert.deepEqual(column.values, original.values);
      } else assert.fail(column.name);
    });
  });

  it("takes samples beyond the codes for the nearest ones", async () => {
    const csv = csvOf(rows.map(({ site, ok }) => ({ site: site!, ok: ok! })));
    const { table: plan } = tableData(await tableOf(csv));
    const [site, ok] = decodeTable({ shape: [2, 2], data: [-1, 2, 7, -3] }, plan!).columns;
    assert.ok(site?.kind === "text" && ok?.kind === "boolean");
    assert.deepEqual([...site.codes], [0, 2]);
    assert.deepEqual([...ok.values], [1, 0]);
  });
});
