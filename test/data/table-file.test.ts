import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytesSource, openTable } from "../../src/data/readers/index.js";
import { joinTables, readTable, takeRows, type Table } from "../../src/data/table.js";
import { jsonText, tableFile } from "../../src/data/writers/index.js";
import { DataError, UsageError } from "../../src/errors.js";
import { rejects } from "./fails.js";

const table: Table = {
  name: "made",
  rows: 3,
  columns: [
    { name: "a", kind: "number", values: Float64Array.of(1, NaN, 0.1) },
    { name: "ok", kind: "boolean", values: Float64Array.of(1, 0, 1) },
    { name: "at", kind: "date", values: Float64Array.of(0, 86_400_000, NaN) },
    { name: "t", kind: "text", codes: Int32Array.of(0, 1, -1), dictionary: ['x "y"', "z"] },
  ],
  lines: Float64Array.of(2, 3, 4),
  problems: [{ row: 1, line: 3, column: "a", expected: "a number", got: '"x"' }],
  warnings: [],
};
const numbers: Table = { ...table, columns: table.columns.slice(0, 2) };

async function* chunks(...tables: Table[]): AsyncGenerator<Table> {
  for (const one of tables) yield await Promise.resolve(one);
}

/** Tables, and whether they were read to their end or left. */
function watched(...all: Table[]) {
  const seen = { closed: false };
  async function* given(): AsyncGenerator<Table> {
    try {
      yield* chunks(...all);
    } finally {
      seen.closed = true;
    }
  }
  return { tables: given(), seen };
}

async function bytesOf(pieces: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) {
    parts.push(typeof piece === "string" ? new TextEncoder().encode(piece) : piece.slice());
  }
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}

describe("tableFile", () => {
  it("writes what reads back the same, in every format", async () => {
    for (const name of ["x.csv", "x.TSV", "x.json", "x.jsonl", "x.npz"]) {
      const bytes = await bytesOf(tableFile(name, chunks(table, table), 6));
      const read = await readTable(await openTable(bytesSource(name.toLowerCase(), bytes)));
      const whole = joinTables([table, table]);
      read.columns.forEach((column, at) => {
        const expected = whole.columns[at]!;
        // An empty cell of text is one of no letters in an array.
        if (name.endsWith("npz") && expected.kind !== "number") return;
        assert.deepEqual(column, expected, `${name} ${column.name}`);
      });
      assert.equal(read.rows, 6);
    }
  });

  it("writes numbers as one array", async () => {
    const bytes = await bytesOf(tableFile("x.npy", chunks(numbers, numbers), 6));
    const read = await readTable(await openTable(bytesSource("x.npy", bytes)));
    const [a, ok] = read.columns;
    assert.ok(a?.kind === "number" && ok?.kind === "number");
    assert.deepEqual(Array.from(a.values), [1, NaN, 0.1, 1, NaN, 0.1]);
    assert.deepEqual(Array.from(ok.values), [1, 0, 1, 1, 0, 1]);
  });

  it("refuses what a file can't hold, and endings that it can't write", async () => {
    await assert.rejects(bytesOf(tableFile("x.npy", chunks(table), 3)), DataError);
    assert.throws(() => tableFile("x.parquet", chunks(table), 3), UsageError);
    const infinite: Table = {
      ...numbers,
      columns: [{ name: "a", kind: "number", values: Float64Array.of(1, Infinity, 1) }],
    };
    await assert.rejects(
      bytesOf(jsonText([infinite], "lines")),
      /column "a" of made, got Infinity/,
    );
  });

  it("refuses a later table of other columns, and closes the tables", async () => {
    const [a, ok, , text] = table.columns;
    const fewer: Table = { ...table, columns: [a!] };
    const swapped: Table = { ...table, columns: [ok!, a!] };
    const other: Table = { ...table, columns: [a!, { ...text!, name: "ok" }] };
    for (const name of ["x.csv", "x.npy", "x.npz"]) {
      for (const later of [fewer, swapped, other]) {
        const { tables, seen } = watched(numbers, later, numbers);
        await rejects(bytesOf(tableFile(name, tables, 9)), /expected .* in all tables, got /);
        assert.ok(seen.closed, name);
      }
    }
    const { tables, seen } = watched(table, table);
    await rejects(bytesOf(tableFile("x.npy", tables, 6)), /got date in column "at"/);
    assert.ok(seen.closed);
  });

  it("writes no rows as an empty array", async () => {
    assert.deepEqual(await bytesOf(jsonText([], "array")), new TextEncoder().encode("[]\n"));
  });
});

describe("takeRows", () => {
  it("takes rows with their lines, problems and texts", async () => {
    const csv = new TextEncoder().encode('a,b\n1.50,x\nmany,"y, z"\n3,w\n');
    const read = await readTable(
      await openTable(bytesSource("a.csv", csv), { kinds: { a: "number" }, invalid: "missing" }),
    );
    const taken = takeRows(read, [2, 1, 2]);
    assert.deepEqual(Array.from(taken.lines), [4, 3, 4]);
    assert.deepEqual(
      taken.problems.map(({ row, line }) => [row, line]),
      [[1, 3]],
    );
    const texts = [0, 1, 2].map((row) => [taken.textOf!(row, 0), taken.textOf!(row, 1)]);
    assert.deepEqual(texts, [
      ["3", "w"],
      ["many", "y, z"],
      ["3", "w"],
    ]);
    assert.equal(read.textOf!(0, 0), "1.50");
  });

  it("takes the problems of a row that comes twice with each", () => {
    assert.deepEqual(
      takeRows(table, [1, 0, 1]).problems.map(({ row, line }) => [row, line]),
      [
        [0, 3],
        [2, 3],
      ],
    );
  });

  it("tells problems of rows on one line apart", async () => {
    const json = new TextEncoder().encode('[{"a": 1}, {"a": "many"}, {"a": 3}]');
    const kinds = { a: "number" } as const;
    const reader = await openTable(bytesSource("a.json", json), {
      kinds,
      invalid: "missing",
      chunkRows: 2,
    });
    const { problems } = await readTable(reader);
    assert.deepEqual(
      problems.map(({ row, line }) => [row, line]),
      [[1, 1]],
    );
    const joined = joinTables([table, table]);
    assert.deepEqual(
      joined.problems.map(({ row }) => row),
      [1, 4],
    );
  });
});
