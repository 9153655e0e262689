import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { DataError, FileError } from "../../src/errors.js";
import { Random } from "../../src/random.js";
import { anomalySplit, standardisedBy } from "../../src/reproduce/anomaly-split.js";
import type { AnomalyMethod, SplitResult } from "../../src/reproduce/anomaly-result.js";
import { readLabelledTables, type LabelledTable } from "../../src/reproduce/labelled-tables.js";
import { iresnet, type Finished } from "../cli/support.js";
import { temporaryFolder } from "../support/folder.js";

const rows = 120;
const isOutlier = (row: number): boolean => row % 10 === 9;

/** Two real columns, a whole one and a constant one; outliers lie `away` from the others. */
function csv(name: string, away: number, label: string): string {
  const normals = Random.fromSeed(3)
    .split(name)
    .normal(3 * rows);
  const lines = Array.from({ length: rows }, (_, row) => {
    const [a, b, c] = normals.subarray(3 * row, 3 * row + 3);
    const shift = isOutlier(row) ? away : 0;
    return [a! + shift, 2 * b! - shift, Math.round(10 * c!), 5, Number(isOutlier(row))].join();
  });
  return [`a,b,c,flat,${label}`, ...lines].join("\n");
}

interface Results {
  readonly tables: readonly { table: string; auroc: Record<AnomalyMethod, number> }[];
  readonly mean: Record<AnomalyMethod, number>;
  readonly results: readonly SplitResult[];
  readonly report: string;
}

describe("reproduce table-anomaly", () => {
  const cwd = temporaryFolder();
  let first: Finished;

  const run = (...more: readonly string[]): Promise<Finished> =>
    iresnet(cwd, "reproduce", "table-anomaly", "--out", "out", "--json", ...more);

  before(async () => {
    await mkdir(join(cwd, "tables"));
    await writeFile(join(cwd, "tables", "far.csv"), csv("far", 20, "outlier"));
    await writeFile(join(cwd, "tables", "near.csv"), csv("near", 2, "last"));
    await writeFile(join(cwd, "tables", "other.csv"), "a,b\n1,2\n3,4\n");
    first = await run("--data", "tables", "--splits", "1", "--steps", "3");
  });

  it("compares four scores on each table, and says what it leaves out", async () => {
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /other\.csv is left out: its column "b" isn't 0/);
    const { tables, mean, results, report } = JSON.parse(first.stdout) as Results;
    assert.deepEqual(
      tables.map(({ table }) => table),
      ["far", "near"],
    );
    for (const { columns, trained, outliers, auroc } of results) {
      assert.deepEqual([columns, trained, outliers], [4, 54, 12]);
      for (const area of Object.values(auroc)) assert.ok(area > 0.5 && area <= 1, `${area}`);
    }
    const [far, near] = tables;
    assert.deepEqual(far!.auroc, {
      score: 100,
      flow: 100,
      neighbours: 100,
      mahalanobis: 100,
    });
    assert.equal(mean.score, (far!.auroc.score + near!.auroc.score) / 2);
    assert.ok((await readFile(join(cwd, report), "utf8")).includes("<svg"));
    assert.ok(existsSync(join(cwd, "out", "pictures", "auroc.svg")));
  });

  it("goes on with what there is, to the same numbers, and takes more splits", async () => {
    const before = JSON.parse(first.stdout) as Results;
    await rm(join(cwd, "out", "rows", "near-0.json"));
    const { code, stdout, stderr } = await run("--resume", "--splits", "2", "--rows", "near");
    assert.equal(code, 2, stderr);
    assert.equal(stdout, "");
    const again = await run("--resume", "--splits", "2");
    assert.equal(again.code, 0, again.stderr);
    const timeless = ({ results }: Results, split: number) =>
      results.filter((one) => one.split === split).map((one) => ({ ...one, seconds: 0 }));
    const after = JSON.parse(again.stdout) as Results;
    assert.deepEqual(timeless(after, 0), timeless(before, 0));
    assert.equal(timeless(after, 1).length, 2);
  });

  it("refuses options of other reproductions, and no folder of tables", async () => {
    for (const [args, message] of [
      [["table-anomaly"], /--data/],
      [["table-anomaly", "--data", "tables", "--budget", "1m"], /--budget: .*leave it out/],
      [["table-anomaly", "--data", "tables", "--run", "x"], /--run: .*leave it out/],
      [["table-density", "--splits", "2"], /--splits: expected no such option for table-density/],
    ] as const) {
      const { code, stderr } = await iresnet(cwd, "reproduce", ...args, "--out", "none");
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
    assert.ok(!existsSync(join(cwd, "none")));
  });
});

describe("readLabelledTables", () => {
  const folder = temporaryFolder();
  const read = async (text: string): Promise<LabelledTable> => {
    await writeFile(join(folder, "one.csv"), text);
    const [table] = await readLabelledTables(folder, () => undefined);
    return table!;
  };

  it("takes a column named label wherever it stands, else the last", async () => {
    const { name, x, columns, outliers } = await read("Label,a,b\n0,1.5,0\n1,2,1\n");
    assert.deepEqual([name, columns, outliers], ["one", ["a", "b"], [false, true]]);
    assert.deepEqual(
      [x.shape, [...Array.from(x.data)]],
      [
        [2, 2],
        [1.5, 0, 2, 1],
      ],
    );
    assert.deepEqual((await read("a,b\n7,1\n8,0\n")).outliers, [true, false]);
  });

  it("names what isn't a number, and folders without a table", async () => {
    await assert.rejects(read("a,b,y\n1,x,0\n2,z,1\n"), (error) => {
      assert.ok(error instanceof DataError);
      assert.match(error.message, /one\.csv: column "b": expected a number in each row, got text/);
      return true;
    });
    await assert.rejects(read("a,b,y\n1,2,0\n3,,1\n"), /column "b": .* empty cell in line 3/);
    await assert.rejects(read("a,b\n1,2\n3,4\n"), FileError);
    await assert.rejects(
      readLabelledTables(join(folder, "none"), () => undefined),
      FileError,
    );
  });
});

describe("anomalySplit", () => {
  const count = 40;
  const table: LabelledTable = {
    name: "made",
    x: { shape: [count, 1], data: Float64Array.from({ length: count }, (_, row) => row) },
    columns: ["row"],
    outliers: Array.from({ length: count }, (_, row) => row >= 33),
  };

  it("trains on half of the normal rows, and scores each other row once", () => {
    const { train, scored, outliers } = anomalySplit(table, 0, 5);
    assert.equal(train.shape[0], 16);
    assert.ok(Array.from(train.data).every((row) => row < 33));
    const all = [...Array.from(train.data), ...Array.from(scored.data)].sort((a, b) => a - b);
    assert.deepEqual(all, Array.from(table.x.data));
    assert.deepEqual(
      Array.from(scored.data, (row) => row >= 33),
      outliers,
    );
  });

  it("is a function of seed, name and number", () => {
    const trained = (made: LabelledTable, split: number, seed: number): number[] =>
      Array.from(anomalySplit(made, split, seed).train.data);
    assert.deepEqual(trained(table, 0, 5), trained(table, 0, 5));
    assert.notDeepEqual(trained(table, 0, 5), trained(table, 1, 5));
    assert.notDeepEqual(trained(table, 0, 5), trained(table, 0, 6));
    assert.notDeepEqual(trained(table, 0, 5), trained({ ...table, name: "other" }, 0, 5));
  });

  it("needs 16 normal rows", () => {
    const outliers = table.outliers.map((_, row) => row >= 15);
    assert.throws(() => anomalySplit({ ...table, outliers }, 0, 0), DataError);
  });
});

describe("standardisedBy", () => {
  it("takes means and deviations of the reference, and leaves constant columns their unit", () => {
    const reference = { shape: [3, 2], data: [1, 0.1, 2, 0.1, 3, 0.1] };
    const { data } = standardisedBy(reference)({ shape: [2, 2], data: [2, 0.1, 5, 2.1] });
    const expected = [0, 0, 3 / Math.sqrt(2 / 3), 2];
    Array.from(data).forEach((value, i) => {
      assert.ok(Math.abs(value - expected[i]!) < 1e-12, `${value}`);
    });
  });
});
