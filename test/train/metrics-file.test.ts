import assert from "node:assert/strict";
import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, it } from "node:test";
import {
  appendMetrics,
  readMetrics,
  truncateMetrics,
  type MetricsRecord,
} from "../../src/train/metrics-file.js";
import { temporaryFolder } from "../support/folder.js";

const folder = temporaryFolder();
let path: string;
let files = 0;
beforeEach(() => {
  path = join(folder, String(files++), "metrics.jsonl");
});

const records: readonly MetricsRecord[] = [
  { step: 1, loss: 2.5 },
  { step: 2, loss: 0.1 + 0.2, bitsPerDim: 1.262 },
  { step: 3, loss: 1e-300 },
];

async function writeRecords(): Promise<void> {
  for (const record of records) await appendMetrics(path, record);
}

describe("metrics file", () => {
  it("reads the records appended, exactly", async () => {
    await writeRecords();
    assert.deepEqual(await readMetrics(path), records);
    assert.equal((await readFile(path, "utf8")).split("\n")[0], '{"step":1,"loss":2.5}');
  });

  it("reads a number that isn't finite as NaN", async () => {
    await appendMetrics(path, { step: 1, loss: NaN, logDet: Infinity });
    assert.deepEqual(await readMetrics(path), [{ step: 1, loss: NaN, logDet: NaN }]);
  });

  it("ignores a last line cut anywhere", async () => {
    await writeRecords();
    const text = await readFile(path, "utf8");
    const lastLine = text.lastIndexOf("\n", text.length - 2) + 1;
    for (let length = lastLine; length < text.length; length++) {
      await writeFile(path, text.slice(0, length));
      assert.deepEqual(await readMetrics(path), records.slice(0, 2));
    }
  });

  it("resumes after a torn line without duplicates", async () => {
    await writeRecords();
    await appendFile(path, '{"step":4,"lo');
    await truncateMetrics(path, 2);
    await appendMetrics(path, { step: 3, loss: 9 });
    assert.deepEqual(await readMetrics(path), [...records.slice(0, 2), { step: 3, loss: 9 }]);
    assert.deepEqual(await readdir(join(path, "..")), ["metrics.jsonl"]);
  });

  it("keeps the bytes of what it keeps", async () => {
    await writeRecords();
    const before = await readFile(path, "utf8");
    await truncateMetrics(path, 3);
    assert.equal(await readFile(path, "utf8"), before);
    await truncateMetrics(path, 0);
    assert.deepEqual(await readMetrics(path), []);
  });

  it("leaves a missing file missing, and says so to a reader", async () => {
    await truncateMetrics(path, 5);
    await assert.rejects(readMetrics(path), {
      name: "FileError",
      message: /metrics\.jsonl: expected the metrics of a run, got no such file; check the path/,
    });
  });

  for (const line of ["step,loss", "[1]", "{}", '{"step":"1"}', '{"step":1,"loss":"low"}', ""]) {
    it(`names the line ${JSON.stringify(line)}`, async () => {
      await writeRecords();
      await appendFile(path, `${line}\n`);
      await appendMetrics(path, { step: 5 });
      const error = {
        name: "FileError",
        message: /metrics\.jsonl:4: expected a JSON object/,
      };
      await assert.rejects(readMetrics(path), error);
      await assert.rejects(truncateMetrics(path, 1), error);
    });
  }
});
