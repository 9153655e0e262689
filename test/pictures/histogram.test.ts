import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { histogram } from "../../src/pictures/histogram.js";

/** The heights of each outline, in pixels below the top of the picture. */
function outlines(svg: string): number[][] {
  return [...svg.matchAll(/<path d="(M[^"]*)" fill="none"/g)].map(([, path]) =>
    path!
      .slice(1)
      .split("L")
      .map((point) => Number(point.split(",")[1])),
  );
}

describe("histogram", () => {
  const x = { label: "score" };

  it("draws the part of each group in each bin", () => {
    const values = Float64Array.from({ length: 400 }, (_, i) => i / 10);
    const svg = histogram({ title: "Scores", x, groups: [{ name: "rows", values }] });
    const [outline] = outlines(svg);
    // 40 bins with both of their ends, and the axis at either end.
    assert.equal(outline!.length, 82);
    const inner = outline!.slice(4, -4);
    assert.ok(Math.max(...inner) - Math.min(...inner) < 60, "an even spread is about flat");
  });

  it("puts what lies beyond, infinities too, into the last bin", () => {
    const normals = Float64Array.from({ length: 100 }, (_, i) => i / 100);
    const outliers = Float64Array.of(50, 1e9, Infinity);
    const groups = [
      { name: "normal rows", values: normals },
      { name: "outliers", values: outliers },
    ];
    const [, far] = outlines(histogram({ title: "Scores", x, groups }));
    const bottom = Math.max(...far!);
    assert.deepEqual(
      far!.slice(0, -3).filter((y) => y !== bottom),
      [],
    );
    assert.ok(far!.at(-2)! < bottom);
  });

  it("draws equal values, and leaves out groups without any", () => {
    const groups = [
      { name: "rows", values: Float64Array.of(2, 2, 2) },
      { name: "none", values: new Float64Array(0) },
    ];
    const svg = histogram({ title: "Scores", x, groups });
    assert.equal(outlines(svg).length, 1);
    assert.doesNotMatch(svg, /NaN|none</);
  });
});
