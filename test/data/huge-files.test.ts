import assert from "node:assert/strict";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { openTable } from "../../src/data/readers/open-table.js";
import { fileSource } from "../../src/data/readers/node-source.js";
import type { ByteSource } from "../../src/data/readers/source.js";
import { readTable } from "../../src/data/table.js";
import { FileError } from "../../src/errors.js";
import { plainRows } from "./plain-rows.js";
import { rejects } from "./fails.js";

/** All ten million rows take minutes where others compute: set IRESNET_HUGE to have them. */
const millions = process.env.IRESNET_HUGE === undefined ? 0.3 : 10;

/** A file of rows that nobody has whole. */
function rowsSource(rows: number, last: string): ByteSource {
  const block = 10_000;
  const text = new TextEncoder().encode("12.5,x,0.001\n".repeat(block));
  return {
    name: "many.csv",
    async *stream() {
      yield new TextEncoder().encode("a,b,c\n");
      for (let done = 0; done < rows; done += block) yield text;
      yield new TextEncoder().encode(last);
    },
  };
}

describe("A file too large for memory", () => {
  it(`streams ${millions} million rows, and names the line after them`, async () => {
    const rows = millions * 1e6;
    const reader = await openTable(rowsSource(rows, "1,y,2\n3,z,four\n"), {
      chunkRows: 10_000,
    });
    let [seen, largest, total] = [0, 0, 0];
    const before = process.memoryUsage().rss;
    const read = async (): Promise<void> => {
      for await (const { rows: count, columns } of reader.chunks()) {
        seen += count;
        const [a] = columns;
        assert.ok(a?.kind === "number");
        total += a.values.reduce((sum, value) => sum + value, 0);
        largest = Math.max(largest, process.memoryUsage().rss - before);
      }
    };
    await rejects(
      read(),
      new RegExp(`line ${rows + 3}, column "c": expected a number, got "four"`),
    );
    // The chunk with that line isn't given.
    assert.equal(seen, rows);
    assert.equal(total, 12.5 * rows);
    assert.ok(largest < 400 * 2 ** 20, `${largest} bytes`);
  });

  it("is refused where gzip hides a cell without end", async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(2 ** 28, "7")));
    assert.ok(bomb.length < 2 ** 20);
    const before = process.memoryUsage().rss;
    const source: ByteSource = {
      name: "bomb.csv.gz",
      async *stream() {
        yield bomb;
      },
    };
    const opened = async () => readTable(await openTable(source, { maxRow: 2 ** 22 }));
    await rejects(opened(), /line 1: expected a row of at most 4194304 letters/);
    assert.ok(process.memoryUsage().rss - before < 2 ** 28);
  });
});

describe("A symbolic link", () => {
  it("is read as the file that it leads to, and named where it leads nowhere", async () => {
    const folder = await mkdtemp(join(tmpdir(), "iresnet-links-"));
    try {
      await writeFile(join(folder, "real.csv"), "a,b\n1,2\n");
      const [good, gone, round] = ["good.csv", "gone.csv", "round.csv"].map((one) =>
        join(folder, one),
      ) as [string, string, string];
      await symlink("real.csv", good);
      await symlink("nothing.csv", gone);
      await symlink("round.csv", round);
      const read = async (path: string) => readTable(await openTable(await fileSource(path)));
      assert.deepEqual(plainRows(await read(good)), [[1, 2]]);
      for (const path of [gone, round, folder]) {
        await assert.rejects(read(path), (error) => {
          assert.ok(error instanceof FileError, String(error));
          assert.ok(error.message.startsWith(`${path}: expected `), error.message);
          return true;
        });
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
