import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeCheckpoint } from "../../src/checkpoint/index.js";
import { nodeEngine } from "../../src/engine/node.js";
import { fitTable, tableData } from "../../src/tables/index.js";
import { csvOf, measurements, tableOf } from "../tables/measurements.js";
import { executable, launch, openPage, serveSite } from "./chromium.js";
import { scoreFile, type ScoredFile } from "./score-file.js";

const skip = executable === undefined && "no Chromium here; name one in CHROMIUM";

/** A file with what may be in one: an empty cell, a category that is new, an outlier. */
function newRows(): Uint8Array<ArrayBuffer> {
  const rows = measurements(60, 8).map((one, i) => ({
    ...one,
    ...(i === 3 && { temperature: "" }),
    ...(i === 5 && { site: "west" }),
    ...(i === 7 && { length: "1500" }),
  }));
  return new TextEncoder().encode(csvOf(rows));
}

describe("A table's checkpoint in a page", { skip }, () => {
  it("prepares, scores and samples as in Node", async (t) => {
    const engine = await nodeEngine({ threads: 1 });
    const rows = measurements(200, 7).map((one, i) =>
      i === 9 ? { ...one, temperature: "" } : one,
    );
    const fitted = await fitTable(tableData(await tableOf(csvOf(rows))), {
      engine,
      steps: 60,
      onWarning: () => undefined,
    });
    const checkpoint = encodeCheckpoint(fitted!.checkpoint);
    const file = newRows();
    const here = await scoreFile(engine, checkpoint, file);
    await engine.close();
    const site = await serveSite();
    const browser = await launch({ hasWebGpu: false });
    try {
      const page = await openPage(browser, site.plain);
      const given = JSON.stringify([[...checkpoint], [...file]]);
      const there = await page.evaluate<ScoredFile>(
        `import("/page.js").then(({ page }) => page.scoreBytes(...${given}))`,
      );
      assert.deepEqual(there.problems, here.problems);
      assert.deepEqual(there.problems, ['7 site "west"']);
      assert.deepEqual(there.prepared.map(orNaN), here.prepared);
      assert.deepEqual(there.texts, here.texts);
      // float32 computed in another order.
      for (const name of ["logProb", "score", "samples"] as const) {
        // A score of 0 is the usual row's.
        const apart = largest(there[name].map(orNaN), here[name], name === "score" ? 1 : 0);
        t.diagnostic(`${name}: at most ${apart.toExponential(1)} apart, relatively`);
        assert.ok(apart <= 1e-5, `${name}: ${apart}`);
      }
      const { scores, beyond } = fitted!.checkpoint.data!.calibration!;
      const steps = scores.length + beyond + 1;
      assert.ok(largest(there.pValue.map(orNaN), here.pValue, 1) <= 1.001 / steps);
    } finally {
      await browser.close();
      site.close();
    }
  });
});

/** JSON, by which a page answers, has null in NaN's place. */
function orNaN(value: number | null): number {
  return value ?? NaN;
}

/** The largest difference, in parts of `least` and what it is beside. */
function largest(there: readonly number[], here: readonly number[], least: number): number {
  assert.equal(there.length, here.length);
  return there.reduce((most, value, i) => {
    const other = here[i]!;
    if (Object.is(value, other)) return most;
    const apart = Math.abs(value - other) / (least + Math.abs(other));
    // Neither NaN nor a difference of infinities passes.
    return apart <= most ? most : apart;
  }, 0);
}
