import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ShapeError } from "../../src/errors.js";
import { dots } from "../../src/pictures/dots.js";
import { markup } from "../../src/pictures/markup.js";
import { panelContent, panelsSvg, type Panel } from "../../src/pictures/panel.js";
import { pointsPicture } from "../../src/pictures/plane-picture.js";
import { straightened } from "../../src/pictures/straightened.js";
import { tilesSvg } from "../../src/pictures/tiles.js";
import { warpedGrid } from "../../src/pictures/warped-grid.js";
import { ndarray } from "../../src/tree.js";

const bounds = { x: [0, 10], y: [0, 10] } as const;

const panel: Panel = {
  name: "one",
  title: "Dots <all>",
  content: markup`<circle r="3"/>`,
  bounds: { x: [-4, 4], y: [-2, 6] },
  x: "x₁ (m)",
  y: "x₂",
};

function labels(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]!);
}

describe("panelsSvg", () => {
  it("labels axes, ticks and what colours mean", () => {
    const colors = { label: "p(x)", largest: 0.25 };
    const texts = labels(panelsSvg("Both", [[panel, { ...panel, name: "two", colors }]]));
    const expected = ["Both", "Dots &lt;all&gt;", "x₁ (m)", "x₂", "-4", "6", "p(x)", "0", "0.25"];
    for (const text of expected) assert.ok(texts.includes(text), `${text} in ${texts.join()}`);
  });

  it("gives a panel's content back by its name", () => {
    const svg = panelsSvg("Both", [[panel], [{ ...panel, name: "two", content: "plain" }]]);
    assert.equal(panelContent(svg, "one")?.text, '<circle r="3"/>');
    assert.equal(panelContent(svg, "two")?.text, "plain");
    assert.equal(panelContent(svg, "three"), undefined);
  });
});

describe("tilesSvg", () => {
  it("names rows and columns, and leaves a place without a picture empty", () => {
    const svg = tilesSvg({
      title: "All",
      columns: ["data", "Glow: density"],
      rows: [{ label: "moons", tiles: [markup`<circle r="1"/>`, undefined] }],
      note: "From −4 to 4.",
    });
    assert.deepEqual(labels(svg), ["All", "data", "Glow: density", "moons", "From −4 to 4."]);
    assert.equal(svg.match(/<circle/g)?.length, 1);
    assert.doesNotMatch(svg, /NaN|undefined/);
  });
});

describe("dots", () => {
  it("places points with y upwards, without those outside or not finite", () => {
    const points = ndarray([5, 2.5, NaN, 1, 11, 5, 0, 10], [4, 2]);
    assert.match(dots(points, bounds).text, /d="M500,750h0M0,0h0"/);
  });

  it("spreads few dots over many points", () => {
    const points = ndarray(
      Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? i / 2000 : 5)),
      [10_000, 2],
    );
    const places = [...dots(points, bounds).text.matchAll(/M(\d+),500h0/g)].map((m) =>
      Number(m[1]),
    );
    assert.equal(places.length, 2500);
    assert.ok(places[0] === 0 && places.at(-1)! >= 999);
  });

  it("refuses points of another dimension", () => {
    assert.throws(() => dots(ndarray([1, 2, 3], [1, 3]), bounds), ShapeError);
  });
});

describe("pointsPicture", () => {
  it("says how many points it can't show", () => {
    const svg = pointsPicture("Samples", ndarray([0, 0, 5, 0, NaN, 1], [3, 2]));
    assert.ok(labels(svg).includes("3 points, 2 of them outside"));
    assert.ok(labels(pointsPicture("Samples", ndarray([0, 0], [1, 2]))).includes("1 points"));
  });
});

describe("warpedGrid", () => {
  it("draws each line with y upwards, broken where it is not finite or far outside", () => {
    const lines = [
      ndarray([0, 0, 10, 10], [2, 2]),
      ndarray([1, 1, 2, 1, NaN, 1, 4, 1, 5, 1, 1e9, 1, 6, 1, 7, 1], [8, 2]),
    ];
    const { text } = warpedGrid(lines, bounds);
    assert.match(text, /<path d="M0,1000L1000,0" /);
    assert.match(text, /<path d="M100,900L200,900M400,900L500,900M600,900L700,900" /);
    assert.doesNotMatch(text, /NaN|Infinity/);
  });

  it("tells lines that were upright from those that lay", () => {
    const line = ndarray([0, 0, 1, 1], [2, 2]);
    const { text } = warpedGrid([line, line, line, line], bounds);
    const strokes = [...text.matchAll(/<path d="([^"]*)" class="(series-\d)"/g)];
    assert.deepEqual(
      strokes.map(([, path, name]) => [path!.match(/M/g)?.length, name]),
      [
        [2, "series-1"],
        [2, "series-2"],
      ],
    );
  });

  it("survives nothing at all, and refuses lines of another dimension", () => {
    assert.doesNotMatch(warpedGrid([], bounds).text, /NaN|Infinity/);
    assert.throws(() => warpedGrid([ndarray([1, 2, 3], [1, 3])], bounds), ShapeError);
  });
});

describe("straightened", () => {
  it("keeps a curve within its tolerance of all points, with far fewer", () => {
    const circle = Array.from({ length: 721 }, (_, i) => {
      const angle = (i * Math.PI) / 360;
      return [100 * Math.cos(angle), 100 * Math.sin(angle)] as const;
    });
    const kept = straightened(circle, 0.5);
    assert.ok(kept.length < 60, String(kept.length));
    // The furthest that a chord of half-angle a lies from its circle is r(1 − cos a).
    const sags = kept.slice(1).map(([x, y], i) => {
      const [px, py] = kept[i]!;
      return 100 - Math.hypot((x + px) / 2, (y + py) / 2);
    });
    assert.ok(Math.max(...sags) <= 0.51, String(Math.max(...sags)));
  });

  it("keeps ends, gaps, and a line that returns", () => {
    const points = [
      [0, 0],
      [1, 0],
      [2, 0],
      [NaN, 0],
      [0, 0],
      [5, 0],
      [0, 0],
    ] as const;
    assert.deepEqual(straightened(points, 1), [
      [0, 0],
      [2, 0],
      [NaN, 0],
      [0, 0],
      [5, 0],
      [0, 0],
    ]);
    assert.deepEqual(straightened([], 1), []);
  });
});
