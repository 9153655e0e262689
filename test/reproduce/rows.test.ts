import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { reproductions, tasksOf } from "../../src/reproduce/tasks.js";
import type { Rows } from "../../src/reproduce/rows.js";
import { UsageError } from "../../src/errors.js";
import { toyNames } from "../../src/data/index.js";
import { presets } from "../../src/train/presets/index.js";

describe("rows", () => {
  for (const [name, all] of Object.entries<Rows>(reproductions)) {
    it(`of ${name} are presets of their data, each named once`, () => {
      for (const [data, rows] of Object.entries(all)) {
        assert.equal(new Set(rows.map((row) => row.name)).size, rows.length);
        for (const { preset } of rows) {
          const found = presets[preset];
          assert.ok(found, `${name} on ${data}: preset ${preset} doesn't exist`);
          if (!toyNames.some((toy) => toy === data)) assert.equal(found.data, data, preset);
        }
      }
    });
  }

  it("have the papers' numbers", () => {
    const values = (rows: Rows, data: string): Record<string, number | null> =>
      Object.fromEntries(
        (rows[data] ?? []).map(({ name, published }) => [name, published?.value ?? null]),
      );
    assert.deepEqual(values(reproductions["table-classification"], "cifar-10"), {
      resnet: 5.5,
      vanilla: 6.69,
      "c-0.9": 6.78,
      "c-0.8": 6.86,
      "c-0.7": 6.93,
      "c-0.6": 7.72,
      "c-0.5": 8.71,
    });
    assert.deepEqual(values(reproductions["table-density"], "mnist"), {
      nice: 4.36,
      made: 2.04,
      maf: 1.89,
      "real-nvp": 1.06,
      glow: 1.05,
      ffjord: 0.99,
      "i-resnet": 1.06,
      "residual-flow": 0.97,
    });
  });
});

describe("tasksOf", () => {
  const ids = (...args: Parameters<typeof tasksOf>): string[] =>
    tasksOf(...args).map(({ id }) => id);

  it("takes rows in the table's order, whatever the user's", () => {
    assert.deepEqual(ids("table-density", { rows: ["i-resnet", "made"] }), ["made", "i-resnet"]);
  });

  it("takes every 2-D density and the figure's own systems, unless one is chosen", () => {
    const all = ids("figure-toy", {});
    assert.equal(all.length, 8 * 3);
    assert.deepEqual(all.slice(0, 3), [
      "8gaussians-i-resnet",
      "8gaussians-glow",
      "8gaussians-ffjord",
    ]);
    assert.deepEqual(ids("figure-toy", { data: "moons", rows: ["made"] }), ["made"]);
  });

  it("takes a folder for the set that it is called after, or else for the first", () => {
    const data = (text: string): unknown => tasksOf("table-density", { data: text })[0]?.data;
    assert.deepEqual(data("cifar-10"), { name: "cifar-10", folder: "data" });
    assert.deepEqual(data("."), { name: "mnist", folder: "." });
  });

  it("refuses rows and data that aren't there, and names those that are", () => {
    const cases: [() => unknown, RegExp][] = [
      [() => tasksOf("table-density", { rows: ["nice", "nicer"] }), /of nice, made.*got "nicer"/],
      [() => tasksOf("table-density", { data: "cifar-100" }), /of mnist, cifar-10, .*"cifar-100"/],
      [() => tasksOf("table-density", { data: "nowhere" }), /or a folder that holds them/],
      [() => tasksOf("figure-toy", { data: "." }), /of 8gaussians, .*got "\."/],
    ];
    for (const [make, message] of cases) {
      assert.throws(make, (error) => error instanceof UsageError && message.test(error.message));
    }
  });
});
