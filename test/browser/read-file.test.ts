import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { openTable } from "../../src/data/readers/open-table.js";
import { bytesSource } from "../../src/data/readers/source.js";
import { readTable } from "../../src/data/table.js";
import { npyBytes, npzBytes, outputArray } from "../../src/data/writers/npy.js";
import { plainRows } from "../data/plain-rows.js";
import { ascii, joined, pngFile, pngHeaderChunk } from "../data/tables.js";
import { executable, launch, openPage, serveSite } from "./chromium.js";
import type { ReadFile } from "./read-file.js";

const skip = executable === undefined && "no Chromium here; name one in CHROMIUM";

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece.slice());
  return joined(...parts);
}

describe("Files in a page", { skip }, () => {
  it("read as they do in Node, and fail with the same words", async () => {
    const csv = ascii('caf\xe9;b;t\n1,5;x;2024-01-01\n"-2,25";;\n');
    const array = outputArray("x", [2, 2], Float64Array.of(0.1, 2, 3, 4));
    const columnData = [
      { name: "a", data: [1.5, null], type: "DOUBLE" as const },
      { name: "b", data: ["x", "y"], type: "STRING" as const },
    ];
    const files: Readonly<Record<string, Uint8Array>> = {
      "t.csv": csv,
      "t.csv.gz": new Uint8Array(gzipSync(csv)),
      "t.json": ascii('[{"a":1,"b":[true,null]},\n{"a":2.5}]'),
      "t.npy": await bytesOf(npyBytes(array)),
      "t.npz": await bytesOf(npzBytes([array], { compress: true })),
      "t.parquet": new Uint8Array(parquetWriteBuffer({ columnData })),
      "bad.csv": ascii("a,b\n1,2\n3,4\n5,six\n"),
      "cut.npy": (await bytesOf(npyBytes(array))).subarray(0, -1),
    };
    const site = await serveSite();
    const browser = await launch({ hasWebGpu: false });
    try {
      const page = await openPage(browser, site.plain);
      const run = async <T>(call: string): Promise<T> =>
        page.evaluate<T>(
          `import("/page.js").then(({ page }) => page.${call}).catch((error) => String(error))`,
        );
      for (const [name, bytes] of Object.entries(files)) {
        const there = await run<ReadFile | string>(
          `readFile(${JSON.stringify(name)}, ${JSON.stringify([...bytes])})`,
        );
        assert.deepEqual(there, await here(name, bytes), name);
      }
      const png = pngFile(pngHeaderChunk(2, 2), Uint8Array.of(0, 1, 2, 0, 3, 4));
      assert.deepEqual(await run(`readPng(${JSON.stringify([...png])})`), [1, 2, 3, 4]);
    } finally {
      await browser.close();
      site.close();
    }
  });
});

async function here(name: string, bytes: Uint8Array): Promise<ReadFile | string> {
  try {
    const reader = await openTable(bytesSource(name, bytes));
    const table = await readTable(reader);
    const columns = table.columns.map((column) => `${column.name}: ${column.kind}`);
    return { columns, rows: plainRows(table), summary: reader.summary };
  } catch (error) {
    return String(error);
  }
}
