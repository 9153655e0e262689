import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytesSource, openTable } from "../../src/data/readers/index.js";
import { nodeEngine } from "../../src/engine/node.js";
import { openRunner } from "../../src/runner/index.js";
import { scoreReader, tableData, tableKinds } from "../../src/tables/index.js";
import { identityCheckpoint } from "./identity-run.js";
import { csvOf, measurements, tableOf } from "./measurements.js";
import { closeAfter } from "../support/engine.js";

const engine = await nodeEngine({ threads: 1 });
const checkpoint = identityCheckpoint(tableData(await tableOf(csvOf(measurements(200, 1)))));
const runner = await openRunner(checkpoint, { engine });
closeAfter(runner, engine);

describe("scoreReader", () => {
  it("keeps columns of the file under names that aren't taken", async () => {
    const rows = measurements(3, 2).map((one, i) => ({
      ...one,
      line: `a${i}`,
      "file.line": `b${i}`,
    }));
    const source = bytesSource("new.csv", new TextEncoder().encode(csvOf(rows)));
    const reader = await openTable(source, {
      kinds: tableKinds(runner.data!.table!),
      invalid: "missing",
    });
    const kept = ["line", "file.line", "gain"];
    for await (const { columns } of scoreReader(runner, reader, { keep: kept })) {
      assert.deepEqual(
        columns.slice(-3).map(({ name }) => name),
        ["file.line", "file.file.line", "gain"],
      );
    }
  });
});
