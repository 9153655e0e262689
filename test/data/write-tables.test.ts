import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readNpz } from "../../src/data/readers/npz.js";
import { fileSource } from "../../src/data/readers/node-source.js";
import { openTable } from "../../src/data/readers/open-table.js";
import { bytesSource } from "../../src/data/readers/source.js";
import {
  joinTables,
  madeTable,
  readTable,
  textColumn,
  type Column,
  type Table,
} from "../../src/data/table.js";
import { csvText } from "../../src/data/writers/csv.js";
import { writeFileInPieces } from "../../src/data/writers/node-writer.js";
import { npyBytes, npzBytes, outputArray, tableArrays } from "../../src/data/writers/npy.js";
import { tableEndings, tableFile } from "../../src/data/writers/table-file.js";
import { FileError, ShapeError, UsageError } from "../../src/errors.js";
import { throws } from "./fails.js";
import { plainRows } from "./plain-rows.js";
import { joined } from "./tables.js";
import { temporaryFolder } from "../support/folder.js";

const root = temporaryFolder();

async function gathered(pieces: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) {
    parts.push(typeof piece === "string" ? new TextEncoder().encode(piece) : piece.slice());
  }
  return joined(...parts);
}

function numeric(kind: "number" | "boolean" | "date", name: string, values: number[]): Column {
  return { name, kind, values: Float64Array.from(values) };
}

function textual(name: string, texts: readonly (string | null)[]): Column {
  return textColumn(
    name,
    texts.map((text) => text ?? undefined),
  );
}

function tableOf(columns: readonly Column[], rows: number): Table {
  return madeTable("made", rows, columns);
}

const missing = { freq: 4, nil: NaN };
const numbers = fc.option(fc.double({ noNaN: true }), missing);
const wholes = fc.maxSafeInteger();
const times = fc.option(
  fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
  { freq: 4 },
);
const flags = fc.option(fc.constantFrom(0, 1), missing);
/** Text that isn't taken for a missing cell or a guarded number, with line ends as they are read. */
const texts = fc.option(
  fc
    .string({ unit: fc.constantFrom(...Array.from("ab,;\"' \t\n|=é\u{1f600}")) })
    .filter((text) => text.trim() !== "" && !text.startsWith('="')),
  { freq: 4 },
);
const tables = fc
  .array(fc.record({ number: numbers, whole: wholes, date: times, flag: flags, text: texts }), {
    minLength: 1,
    maxLength: 30,
  })
  .map((rows) =>
    tableOf(
      [
        numeric(
          "number",
          'a,"b',
          rows.map((row) => row.number),
        ),
        numeric(
          "number",
          "whole",
          rows.map((row) => row.whole),
        ),
        numeric(
          "date",
          "date",
          rows.map((row) => row.date?.getTime() ?? NaN),
        ),
        numeric(
          "boolean",
          "flag",
          rows.map((row) => row.flag),
        ),
        textual(
          "text",
          rows.map((row) => row.text),
        ),
      ],
      rows.length,
    ),
  );
const kinds = {
  'a,"b': "number",
  whole: "number",
  date: "date",
  flag: "boolean",
  text: "text",
} as const;

describe("csvText", () => {
  it("writes what is read again as the same, bit for bit", async () => {
    const separators = fc.constantFrom(",", ";", "\t", "|");
    await fc.assert(
      fc.asyncProperty(tables, separators, async (table, separator) => {
        const bytes = await gathered(csvText([table], { separator }));
        const options = { kinds, separator, header: true, decimal: "." } as const;
        const read = await readTable(await openTable(bytesSource("t.csv", bytes), options));
        assert.deepEqual(plainRows(read), plainRows(table));
        assert.deepEqual(
          read.columns.map(({ name }) => name),
          Object.keys(kinds),
        );
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it("writes whole numbers, dates, booleans and categories as such", async () => {
    const table = tableOf(
      [
        numeric("number", "n", [3, NaN, -0.5]),
        numeric("date", "d", [0, 1.5e12, NaN]),
        numeric("boolean", "b", [1, 0, NaN]),
        textual("t", ["x", null, "a,b"]),
      ],
      3,
    );
    const expected =
      'n,d,b,t\n3,1970-01-01,true,x\n,2017-07-14T02:40:00.000Z,false,\n-0.5,,,"a,b"\n';
    assert.equal(new TextDecoder().decode(await gathered(csvText([table]))), expected);
  });

  it("writes a header once, and refuses tables of other columns", async () => {
    const one = tableOf([numeric("number", "a", [1])], 1);
    const two = tableOf([numeric("number", "b", [2])], 1);
    const text = new TextDecoder().decode(await gathered(csvText([one, one])));
    assert.equal(text, "a\n1\n1\n");
    await assert.rejects(gathered(csvText([one, two])), /expected columns a in all tables, got b/);
  });
});

describe("npzBytes", () => {
  it("writes tables that are read again as the same, bit for bit", async () => {
    await fc.assert(
      fc.asyncProperty(tables, fc.boolean(), async (table, compress) => {
        const bytes = await gathered(npzBytes(tableArrays(table), { compress }));
        const read = await readTable(await openTable(bytesSource("t.npz", bytes)));
        const flags = table.columns[3]!;
        const isWhole = flags.kind !== "text" && !flags.values.some(Number.isNaN);
        assert.deepEqual(
          read.columns.map(({ kind }) => kind),
          ["number", "number", "date", isWhole ? "boolean" : "number", "text"],
        );
        assert.deepEqual(plainRows(read), plainRows(table));
      }),
      { numRuns: 60, seed: 2 },
    );
  });

  it("writes arrays of any shape and type, whose parts come one by one", async () => {
    const pixels = outputArray(
      "pixels",
      [2, 1, 2, 3],
      Uint8Array.from({ length: 12 }, (_, i) => i),
    );
    const streamed = {
      ...outputArray("x", [3], Float32Array.of(1, 2, 3)),
      parts: () => [
        new Uint8Array(Float32Array.of(1).buffer),
        new Uint8Array(Float32Array.of(2, 3).buffer),
      ],
    };
    const bytes = await gathered(npzBytes([pixels, streamed]));
    const read = await readNpz(bytesSource("t.npz", bytes));
    assert.deepEqual(read.get("pixels"), {
      shape: [2, 1, 2, 3],
      descr: "|u1",
      data: Uint8Array.from({ length: 12 }, (_, i) => i),
    });
    assert.deepEqual(read.get("x"), { shape: [3], descr: "<f4", data: Float32Array.of(1, 2, 3) });
    assert.deepEqual(await gathered(npzBytes([pixels, streamed])), bytes);
  });

  it("refuses parts that don't make up the shape, and one name twice", async () => {
    const short = { ...outputArray("x", [3], Float64Array.of(1, 2, 3)), shape: [4] };
    await assert.rejects(gathered(npyBytes(short)), ShapeError);
    const array = outputArray("x", [1], Float64Array.of(1));
    await assert.rejects(gathered(npzBytes([array, array])), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /got "x" twice/);
      return true;
    });
    assert.throws(() => outputArray("x", [2], Float64Array.of(1)), ShapeError);
  });
});

describe("joinTables", () => {
  it("joins chunks whose dictionaries differ", () => {
    const first = tableOf([textual("t", ["x", "y", null])], 3);
    const second = tableOf([textual("t", ["y", "z"])], 2);
    const all = joinTables([first, second]);
    assert.deepEqual(plainRows(all), [["x"], ["y"], [null], ["y"], ["z"]]);
    const other = tableOf([numeric("number", "t", [1])], 1);
    assert.throws(
      () => joinTables([first, other]),
      /column "t" to be of kind text in all tables, got number/,
    );
  });

  it("refuses tables whose columns are others, fewer, more, or in another order", () => {
    const [a, b] = [numeric("number", "a", [1]), numeric("number", "b", [2])];
    const first = tableOf([a, b], 1);
    for (const columns of [[b, a], [a], [a, b, numeric("number", "c", [3])]]) {
      throws(
        () => joinTables([first, tableOf(columns, 1)]),
        /joinTables: expected columns a, b in all tables, got /,
      );
    }
  });
});

describe("writeFileInPieces", () => {
  it("writes a whole file, gzipped by its name, into a new folder", async () => {
    for (const name of ["plain/t.csv", "zipped/t.csv.gz", "zipped/t.csv.GZ"]) {
      const path = join(root, name);
      await writeFileInPieces(path, ["a,b\n", new TextEncoder().encode("1,2\n")]);
      assert.equal((await readFile(path))[0] === 0x1f, name.startsWith("zipped"), name);
      const table = await readTable(await openTable(await fileSource(path)));
      assert.deepEqual(plainRows(table), [[1, 2]]);
    }
    assert.equal(await readFile(join(root, "plain/t.csv"), "utf8"), "a,b\n1,2\n");
  });

  it("writes tables that are read again, gzipped or not, in every format", async () => {
    const table = tableOf([numeric("number", "a", [1, 0.5]), numeric("number", "b", [3, 4])], 2);
    for (const name of tableEndings.flatMap((ending) => [`t${ending}`, `t${ending}.gz`])) {
      const path = join(root, "all", name);
      await writeFileInPieces(path, tableFile(path, [table], 2));
      const read = await readTable(await openTable(await fileSource(path)));
      assert.deepEqual(plainRows(read), plainRows(table), name);
    }
  });

  it("leaves an old file as it was if the pieces fail, and nothing beside it", async () => {
    for (const name of ["old/t.csv", "older/t.csv.gz"]) {
      const path = join(root, name);
      await writeFileInPieces(path, ["a\n1\n"]);
      const old = await readFile(path);
      async function* failing(): AsyncGenerator<string> {
        yield "a\n2\n";
        await Promise.resolve();
        throw new RangeError("no more");
      }
      await assert.rejects(writeFileInPieces(path, failing()), RangeError);
      assert.deepEqual(await readFile(path), old);
      assert.equal((await readdir(join(path, ".."))).length, 1);
    }
    await assert.rejects(writeFileInPieces(join(root, "old/t.csv/x.csv"), ["a"]), FileError);
  });
});
