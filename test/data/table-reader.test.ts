import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { fileSource } from "../../src/data/readers/node-source.js";
import { readNpy } from "../../src/data/readers/npy-table.js";
import { openTable, registerTableFormat } from "../../src/data/readers/open-table.js";
import { blobSource, bytesSource, type ByteSource } from "../../src/data/readers/source.js";
import { readTable, type Table, type TableReader } from "../../src/data/table.js";
import { npyBytes, npzBytes, outputArray } from "../../src/data/writers/npy.js";
import { FileError, UsageError } from "../../src/errors.js";
import { rejects } from "./fails.js";
import { plainRows } from "./plain-rows.js";
import { ascii, joined } from "./tables.js";
import { temporaryFolder } from "../support/folder.js";

const root = temporaryFolder();

/** A source of pieces that counts how many were asked for, and whether it was closed. */
function counted(name: string, pieces: number, piece: (at: number) => Uint8Array) {
  const seen = { asked: 0, closed: false };
  const source: ByteSource = {
    name,
    stream: async function* () {
      try {
        for (let at = 0; at < pieces; at++) {
          seen.asked++;
          yield await Promise.resolve(piece(at));
        }
      } finally {
        seen.closed = true;
      }
    },
  };
  return { source, seen };
}

const lines = (at: number): Uint8Array =>
  ascii(
    Array.from({ length: 1000 }, (_, i) => `${at * 1000 + i},${i % 7},name ${i % 3}\n`).join(""),
  );

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of pieces) parts.push(part.slice());
  return joined(...parts);
}

describe("A table's reader", () => {
  it("streams: it asks for no more of a file than its chunks need", async () => {
    const { source, seen } = counted("t.csv", 300, lines);
    const reader = await openTable(source, { chunkRows: 500 });
    assert.ok(seen.asked < 20, `${seen.asked} pieces for the columns`);
    let rows = 0;
    let last = 0;
    for await (const { columns, lines: places, rows: count } of reader.chunks()) {
      assert.equal(count, 500);
      const [first] = columns;
      assert.ok(first?.kind === "number");
      assert.equal(first.values[0], rows);
      assert.equal(places[0], rows + 1);
      rows += count;
      last = first.values[499]!;
      assert.ok(seen.asked * 1000 <= rows + 20_000, `${seen.asked} pieces for ${rows} rows`);
    }
    assert.equal(rows, 300_000);
    assert.equal(last, 299_999);
  });

  it("asks for no more of a damaged file than tells so, nor of one that is too large", async () => {
    const header = Uint8Array.of(0x93, ...ascii("NUMPY"), 2, 0, 255, 255, 255, 255);
    const { source, seen } = counted("t.npy", 300, (at) => (at === 0 ? header : lines(at)));
    await rejects(openTable(source), /got one of 4294967307 bytes/);
    assert.equal(seen.asked, 1);
    const large: ByteSource = {
      ...bytesSource("t.npy", header),
      stream: () => assert.fail("was read"),
    };
    await rejects(readNpy(large, 8), /expected at most 8 bytes, got more/);
  });

  it("closes its file when it's left, closed, or fails, whether it was read or not", async () => {
    const opened = async () => {
      const { source, seen } = counted("t.csv", 300, lines);
      return { reader: await openTable(source), seen };
    };
    const left = await opened();
    for await (const chunk of left.reader.chunks()) if (chunk.rows > 0) break;
    assert.ok(left.seen.closed);
    const unread = await opened();
    assert.ok(!unread.seen.closed);
    await unread.reader.close();
    assert.ok(unread.seen.closed);
    for (const [name, first] of [
      ["t.csv", "a,a,b\n"],
      ["t.csv", "a,b\0,c\n"],
      ["t.jsonl", "{}\n"],
      ["t.csv", "PAR1"],
      ["unknown", "PAR1"],
      ["t.npy", "not an array of numbers"],
    ] as const) {
      const bad = counted(name, 300, (at) => (at === 0 ? ascii(first) : lines(at)));
      await assert.rejects(async () => readTable(await openTable(bad.source)));
      assert.ok(bad.seen.closed, first);
    }
  });

  it("can be read once", async () => {
    const reader = await openTable(bytesSource("t.csv", ascii("a\n1\n")));
    await readTable(reader);
    await assert.rejects(readTable(reader), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /t\.csv: expected to be read once/);
      return true;
    });
  });

  it("keeps a gzip file's memory small, however much it unzips to", async () => {
    const row = "1,2,3\n";
    const bytes = new Uint8Array(gzipSync(row.repeat(1_000_000)));
    assert.ok(bytes.length < 100_000);
    const reader = await openTable(bytesSource("t.csv.gz", bytes));
    globalThis.gc?.();
    const before = process.memoryUsage();
    let [rows, most] = [0, 0];
    for await (const chunk of reader.chunks()) {
      rows += chunk.rows;
      most = Math.max(most, process.memoryUsage().arrayBuffers - before.arrayBuffers);
    }
    assert.equal(rows, 1_000_000);
    // As a whole, the numbers and lines would take 32 MB.
    assert.ok(most < 20e6, `${most} bytes`);
  });

  it("gives the same from bytes, a page's file, a path, and a stream, in every format", async () => {
    const x = outputArray("x", [3, 2], Float64Array.of(1, 2, 3, 4, 5, 6));
    const files: Readonly<Record<string, Uint8Array>> = {
      "t.csv": ascii("x.1,x.2\n1,2\n3,4\n5,6\n"),
      "t.jsonl": ascii('{"x.1":1,"x.2":2}\n{"x.1":3,"x.2":4}\n{"x.1":5,"x.2":6}\n'),
      "t.npy": await bytesOf(npyBytes(x)),
      "t.npz": await bytesOf(npzBytes([x])),
    };
    for (const [name, bytes] of Object.entries(files)) {
      const path = join(root, name);
      await writeFile(path, bytes);
      const sources: ByteSource[] = [
        bytesSource(name, bytes),
        blobSource(name, new Blob([bytes.slice()])),
        await fileSource(path),
        counted(name, bytes.length, (at) => bytes.subarray(at, at + 1)).source,
        // Without an ending, the first bytes tell the format.
        counted("standard input", bytes.length, (at) => bytes.subarray(at, at + 1)).source,
        bytesSource("unknown", new Uint8Array(gzipSync(bytes))),
      ];
      for (const source of sources) {
        const read = await readTable(await openTable(source, { chunkRows: 2 }));
        assert.deepEqual(
          plainRows(read),
          [
            [1, 2],
            [3, 4],
            [5, 6],
          ],
          `${name} by ${source.name}`,
        );
        assert.deepEqual([...read.lines].length, 3);
      }
    }
  });

  it("reads a row the same wherever a piece of the file ends", async () => {
    const long = "y".repeat(1 << 16);
    const row = '"x" ,1\n';
    for (let cut = 0; cut <= row.length; cut++) {
      const texts = [`a,b\n${long},2\n`, row.slice(0, cut), row.slice(cut)];
      const { source } = counted("t.csv", texts.length, (at) => ascii(texts[at]!));
      assert.deepEqual(
        plainRows(await readTable(await openTable(source))),
        [
          [long, 2],
          ["x", 1],
        ],
        `cut at ${cut}`,
      );
    }
  });

  it("names the line of bad bytes in a piece that begins within a letter", async () => {
    const letters = ascii(`a,b\n${"\xc3\xa9,1\n".repeat(15_000)}\xc3`);
    const bad = ascii(`\xa9,1\n${"x,1\n".repeat(10)}\xe9,2\n`);
    const { source } = counted("t.csv", 2, (at) => (at === 0 ? letters : bad));
    const read = async (): Promise<Table> => readTable(await openTable(source));
    await rejects(read(), /line 15013: expected text in utf-8/);
  });

  it("reads standard input", () => {
    const module = (path: string) =>
      JSON.stringify(new URL(`../../src/data/${path}.js`, import.meta.url));
    const script = `
      const { fileSource } = await import(${module("readers/node-source")});
      const { openTable } = await import(${module("readers/open-table")});
      const { readTable } = await import(${module("table")});
      const table = await readTable(await openTable(await fileSource("-")));
      console.log(table.name, table.rows, table.columns.map(({ name }) => name).join());`;
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      input: "a,b\n1,2\n3,4\n",
      encoding: "utf8",
    });
    assert.equal(output, "standard input 2 a,b\n");
  });

  it("names files that aren't there, and folders", async () => {
    await assert.rejects(fileSource(join(root, "gone.csv")), (error) => {
      assert.ok(error instanceof FileError);
      assert.match(error.message, /gone\.csv: expected a file that can be read, got no such file/);
      return true;
    });
    await assert.rejects(fileSource(root), /got a folder; name a file in it/);
  });

  it("lists problems with their lines where they are to be missing", async () => {
    const content = ascii("a,b\n1,2\nx,3\n4\n5,y\n6,7\n");
    const table = await readTable(
      await openTable(bytesSource("t.csv", content), { invalid: "missing" }),
    );
    assert.deepEqual(
      table.problems.map(({ line, column, got }) => [line, column, got]),
      [
        [4, "", "1"],
        [3, "a", '"x"'],
        [5, "b", '"y"'],
      ],
    );
    assert.deepEqual([...table.lines], [2, 3, 4, 5, 6]);
  });

  it("takes formats of others", async () => {
    const open = (source: ByteSource): Promise<TableReader> =>
      Promise.resolve({
        name: source.name,
        columns: [],
        summary: ["Of another format."],
        // eslint-disable-next-line require-yield
        async *chunks(): AsyncGenerator<Table> {
          return;
        },
        close: () => Promise.resolve(),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    const format = { name: "sheet", endings: [".sheet"], begins: () => false, open };
    registerTableFormat(format);
    assert.throws(() => {
      registerTableFormat(format);
    }, UsageError);
    const byEnding = await openTable(bytesSource("t.sheet", ascii("x")));
    assert.deepEqual(byEnding.summary, ["Of another format."]);
    const byName = await openTable(bytesSource("t.csv", ascii("x")), { format: "sheet" });
    assert.deepEqual(byName.summary, ["Of another format."]);
    await assert.rejects(
      openTable(bytesSource("t", ascii("x")), { format: "sheets" }),
      /did you mean "sheet"/,
    );
  });
});
