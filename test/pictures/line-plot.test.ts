import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { linePlot, type LinePlot, type Series } from "../../src/pictures/line-plot.js";

function plot(series: readonly Series[], scale: "linear" | "log" = "linear"): string {
  const options: LinePlot = {
    title: "Loss",
    x: { label: "step" },
    y: { label: "nats", scale },
    series,
  };
  const svg = linePlot(options);
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
  return svg;
}

function labels(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]!);
}

describe("linePlot", () => {
  it("has a title, labelled axes, ticks and a legend", () => {
    const points = [
      [0, 1],
      [100, 3],
    ] as const;
    const texts = labels(
      plot([
        { name: "train", points },
        { name: "test", points },
      ]),
    );
    for (const text of ["Loss", "step", "nats", "train", "test", "0", "100", "1.0", "3.0"]) {
      assert.ok(texts.includes(text), `${text} in ${texts.join()}`);
    }
  });

  it("needs no legend for one series", () => {
    assert.ok(!labels(plot([{ name: "train", points: [[0, 1]] }])).includes("train"));
  });

  it("puts larger x to the right and larger y higher", () => {
    const svg = plot([
      {
        name: "a",
        points: [
          [0, 0],
          [1, 5],
          [2, 10],
        ],
      },
    ]);
    const dots = [...svg.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)];
    const [xs, ys] = [1, 2].map((group) => dots.map((dot) => Number(dot[group])));
    assert.equal(dots.length, 3);
    assert.ok(Math.abs(xs![0]! + xs![2]! - 2 * xs![1]!) < 0.2 && xs![0]! < xs![2]!);
    assert.ok(Math.abs(ys![0]! + ys![2]! - 2 * ys![1]!) < 0.2 && ys![0]! > ys![2]!);
  });

  it("spaces decades evenly on a log scale, and labels them as powers", () => {
    const svg = plot(
      [
        {
          name: "a",
          points: [
            [0, 1],
            [1, 1e-3],
            [2, 1e-6],
          ],
        },
      ],
      "log",
    );
    const ys = [...svg.matchAll(/cy="([\d.]+)"/g)].map((dot) => Number(dot[1]));
    assert.ok(Math.abs(ys[0]! + ys[2]! - 2 * ys[1]!) < 0.2);
    assert.ok(labels(svg).includes("10⁻⁶"));
  });

  it("leaves gaps at NaN and infinity", () => {
    const points = [
      [0, 1],
      [1, 2],
      [2, NaN],
      [3, Infinity],
      [4, 2],
      [5, 1],
    ] as const;
    const [path = ""] = /<path d="M[^"]*" fill="none"/.exec(plot([{ name: "a", points }])) ?? [];
    assert.equal(path.match(/M/g)?.length, 2);
  });

  it("drops what is not positive on a log scale", () => {
    const svg = plot(
      [
        {
          name: "a",
          points: [
            [0, 0],
            [1, -1],
            [2, 0.1],
            [3, 10],
          ],
        },
      ],
      "log",
    );
    assert.equal(svg.match(/<circle/g)?.length, 2);
  });

  it("shows a single point and a constant", () => {
    for (const scale of ["linear", "log"] as const) {
      for (const value of [0.42, 1, 1e-30, 3e38]) {
        assert.equal(
          plot([{ name: "a", points: [[5, value]] }], scale).match(/<circle/g)?.length,
          1,
        );
        plot(
          [
            {
              name: "a",
              points: [
                [0, value],
                [9, value],
              ],
            },
          ],
          scale,
        );
      }
    }
    plot([{ name: "a", points: [[0, 0]] }]);
  });

  it("says so when there is nothing to show", () => {
    const nothing: Series[][] = [
      [],
      [{ name: "a", points: [] }],
      [{ name: "a", points: [[0, NaN]] }],
    ];
    for (const series of nothing) assert.ok(labels(plot(series)).includes("no data"));
    assert.ok(labels(plot([{ name: "a", points: [[0, -1]] }], "log")).includes("no data"));
  });

  it("dashes a bound, in the plot and in the legend", () => {
    const points = [
      [0, 1],
      [1, 2],
    ] as const;
    const svg = plot([
      { name: "a", points },
      { name: "bound", points, dashed: true },
    ]);
    assert.equal(svg.match(/stroke-dasharray/g)?.length, 2);
  });

  it("gives ticks equal decimals, and short labels to very large and small values", () => {
    const ramp = (top: number): Series => ({
      name: "a",
      points: [
        [0, 0],
        [1, top],
      ],
    });
    assert.ok(labels(plot([ramp(0.01)])).includes("0.010"));
    assert.ok(labels(plot([ramp(1e12)])).includes("10¹²"));
    assert.ok(labels(plot([ramp(2e-5)])).includes("2×10⁻⁵"));
  });

  it("escapes every text", () => {
    const svg = linePlot({
      title: `<script>"&'`,
      x: { label: "<x>" },
      y: { label: "<y>" },
      series: [
        { name: "<a>", points: [] },
        { name: "\u0000<b>", points: [] },
      ],
    });
    assert.doesNotMatch(svg, /<script|<x>|<y>|<a>|<b>|\0/);
    assert.match(svg, /aria-label="&lt;script&gt;&quot;&amp;&#39;"/);
  });
});
