import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dotPlot } from "../../src/pictures/dot-plot.js";

const options = { title: "Areas", x: { label: "AUROC (%)" }, rows: ["a<b", "wine"] };

/** Places of the dots but for those of the legend, in order of drawing. */
function dotsOf(svg: string): { readonly x: number; readonly y: number }[] {
  return [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="5"\/>/g)].map(([, x, y]) => ({
    x: Number(x),
    y: Number(y),
  }));
}

describe("dotPlot", () => {
  it("places a dot for each series on each row's line, the first series last", () => {
    const svg = dotPlot({
      ...options,
      series: [
        { name: "ours", values: [60, 100] },
        { name: "theirs", values: [100, 80] },
      ],
    });
    const [c, d, a, b] = dotsOf(svg);
    assert.equal(a!.y, c!.y);
    assert.equal(b!.y, d!.y);
    assert.ok(a!.y < b!.y);
    assert.equal(b!.x, c!.x);
    assert.ok(Math.abs(d!.x - (a!.x + b!.x) / 2) < 0.11, "80 lies halfway between 60 and 100");
    for (const text of ["Areas", "AUROC (%)", "a&lt;b", "wine", "ours", "theirs"]) {
      assert.ok(svg.includes(`>${text}<`), text);
    }
  });

  it("leaves out what isn't finite, and stays valid without any dot", () => {
    const svg = dotPlot({ ...options, series: [{ name: "one", values: [NaN, Infinity] }] });
    assert.deepEqual(dotsOf(svg), []);
    assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
    const one = dotPlot({ ...options, series: [{ name: "one", values: [3, NaN] }] });
    assert.equal(dotsOf(one).length, 1);
    assert.doesNotMatch(one, /NaN|Infinity|undefined/);
  });
});
