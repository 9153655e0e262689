import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nodeEngine } from "../../src/engine/node.js";
import { UsageError } from "../../src/errors.js";
import { Random } from "../../src/random.js";
import { openRunner } from "../../src/runner/index.js";
import { scoreTable, TableExplainer, tableData, tableKinds } from "../../src/tables/index.js";
import { identityCheckpoint } from "./identity-run.js";
import { csvOf, tableOf, type Cells } from "./measurements.js";
import { closeAfter } from "../support/engine.js";

const engine = await nodeEngine({ threads: 1 });

/** Independent columns, one of them twice, one of them always the same. */
function cells(rows: number, seed: number): Cells[] {
  const random = Random.fromSeed(seed);
  const [a, b] = [random.split("a").normal(rows), random.split("b").normal(rows)];
  return Array.from({ length: rows }, (_, i) => ({
    a: (100 + 10 * a[i]!).toFixed(4),
    b: i % 10 === 0 ? "" : (5 + b[i]!).toFixed(4),
    twice: (100 + 10 * a[i]!).toFixed(4),
    site: i % 8 === 0 ? "south" : "north",
    count: String(Math.round(40 + 6 * b[(i + 1) % rows]!)),
    gain: "7",
  }));
}

const data = tableData(await tableOf(csvOf(cells(800, 1))));
const runner = await openRunner(identityCheckpoint(data), { engine });
closeAfter(runner, engine);
const kinds = tableKinds(runner.data!.table!);
const explainer = await TableExplainer.open(runner);

/** How many nats a value is less likely than the mean of its column. */
function nats(column: string, value: number): number {
  const plan = data.preprocessing!.columns.find(({ name }) => name === column)!;
  assert.ok(plan.kind === "real");
  return ((value - plan.offset) / plan.scale) ** 2 / 2;
}

describe("TableExplainer", () => {
  it("names the culprit, by how much it would lower the score, and the usual value", async () => {
    const [row] = cells(2, 3).slice(1);
    const usual = { ...row!, a: "101", twice: "101", b: "5.2", count: "41" };
    const odd = [
      usual,
      { ...usual, b: "11" },
      { ...usual, a: "160", twice: "160" },
      { ...usual, a: "150", twice: "150", b: "1" },
    ];
    const table = await tableOf(csvOf(odd), { kinds });
    const { score } = await scoreTable(runner, table);
    const found = await explainer.explain(table, { most: 9 });
    // A score of this model is −log p: half of it over a deviation of a half.
    assert.deepEqual(
      found.map((one) => one.score),
      Array.from(score),
    );
    const firsts = found.map(({ columns }) => columns.map(({ column }) => column));
    assert.equal(firsts[1]![0], "b");
    assert.equal(firsts[2]![0], "a");
    assert.deepEqual(firsts[3]!.slice(0, 2), ["a", "b"]);
    assert.ok(!firsts.flat().some((name) => name === "twice" || name === "gain"));
    const drop = (at: number, name: string) =>
      found[at]!.columns.find(({ column }) => column === name)!;
    const close = (got: number, expected: number, tolerance: number): void => {
      assert.ok(Math.abs(got - expected) <= tolerance, `${got} for ${expected}`);
    };
    // The best value is found to a ninetieth of the column's spread.
    close(drop(1, "b").drop, nats("b", 11), 0.01);
    close(Number(drop(1, "b").usual), 5, 0.15);
    close(drop(2, "a").drop, nats("a", 160), 0.01);
    close(Number(drop(2, "a").usual), 100, 1.5);
    close(drop(3, "b").drop, nats("b", 1), 0.01);
    // Changing one of two leaves the other as it is.
    close(drop(3, "a").drop, nats("a", 150), 0.01);
    assert.ok(found[0]!.columns.every((one) => one.drop < 3));
  });

  it("knows whole numbers, categories and empty cells as what they are", async () => {
    const [row] = cells(2, 3).slice(1);
    const usual = { ...row!, a: "100", twice: "100", b: "5", count: "40", site: "north" };
    const odd = [
      { ...usual, count: "90" },
      { ...usual, b: "", site: "south" },
    ];
    const found = await explainer.explain(await tableOf(csvOf(odd), { kinds }), { most: 9 });
    const [count] = found[0]!.columns;
    assert.equal(count!.column, "count");
    assert.ok(Number.isInteger(count!.usual) && Math.abs(Number(count!.usual) - 40) <= 2);
    const texts = found[1]!.columns.map(({ column, usual }) => [column, typeof usual]);
    assert.deepEqual(texts.slice(0, 2).sort(), [
      ["b", "number"],
      ["site", "string"],
    ]);
  });

  it("names what never varied, and leaves out rows without a score", async () => {
    const rows = cells(6, 4).slice(1);
    const odd = [
      { ...rows[0]!, gain: "8" },
      { ...rows[1]!, twice: "1" },
      { ...rows[2]!, a: "many" },
      rows[3]!,
    ];
    const table = await tableOf(csvOf(odd), { kinds, invalid: "missing" });
    const found = await explainer.explain(table, { rows: [0, 1, 2] });
    assert.deepEqual(
      found.map(({ row, line, score }) => [row, line, score]),
      [
        [0, 2, Infinity],
        [1, 3, Infinity],
      ],
    );
    assert.deepEqual(found[0]!.columns, [{ column: "gain", drop: Infinity, usual: 7 }]);
    assert.deepEqual(found[1]!.columns, [
      { column: "twice", drop: Infinity, usual: Number(rows[1]!.a) },
    ]);
  });

  it("refuses rows that there aren't, and unknown options", async () => {
    const table = await tableOf(csvOf(cells(3, 5)), { kinds });
    await assert.rejects(explainer.explain(table, { rows: [3] }), UsageError);
    await assert.rejects(
      explainer.explain(table, { rows: [0], ...{ mots: 2 } }),
      /did you mean "most"/,
    );
    assert.deepEqual(await explainer.explain(table, { rows: [] }), []);
  });
});
