import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeData } from "../../src/data/index.js";
import type { Column } from "../../src/data/table.js";
import { cellsOf, tableCells, tableData, tableKinds } from "../../src/tables/index.js";
import { csvOf, measurements, tableOf } from "./measurements.js";

const plan = describeData(tableData(await tableOf(csvOf(measurements(200, 1))))).table!;

describe("tableCells", () => {
  it("takes dates as the numbers that they are, however far", async () => {
    const table = await tableOf(csvOf(measurements(2, 2)), { kinds: tableKinds(plan) });
    const columns = table.columns.map((column): Column =>
      column.name === "day" && column.kind !== "text"
        ? { ...column, values: Float64Array.of(9e15, NaN) }
        : column,
    );
    const { x } = tableCells({ ...table, columns }, plan);
    const day = cellsOf(plan.columns).findIndex(({ name }) => name === "day");
    assert.deepEqual([x.data[day], x.data[x.shape[1]! + day]], [9e15, NaN]);
  });
});
