import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DiagonalGaussian } from "../../src/distributions/index.js";
import { evaluate } from "../../src/engine/reference.js";
import { input, sumAll } from "../../src/graph/index.js";
import { Context, Scope } from "../../src/nn/index.js";
import { assertGradients } from "../support/derivatives.js";
import { noiseFeeds, parametersOf } from "../support/modules.js";
import {
  assertClose,
  meanOf,
  normals,
  standardError,
  sumOf,
  type Feeds,
  type Values,
} from "../support/values.js";

function build(mean: readonly number[], logScale: readonly number[]) {
  const scope = new Scope();
  const base = new DiagonalGaussian(scope, mean.length);
  const shape = [mean.length];
  const feeds: Feeds = { mean: { shape, data: mean }, logScale: { shape, data: logScale } };
  return { scope, base, feeds };
}

function logProbs(base: DiagonalGaussian, z: Values, feeds: Feeds): Float64Array {
  const logProb = base.logProb(input("z", z.shape), new Context({ phase: "infer" }));
  return evaluate({ logProb }, { ...feeds, z }).logProb.data;
}

/** Every point of a grid with `count` cells a side, at the cells' middles. */
function grid(dimensions: number, count: number, from: number, to: number): Values {
  const side = (i: number): number => from + ((i + 0.5) * (to - from)) / count;
  const points = Array.from({ length: count ** dimensions }, (_, i) =>
    Array.from({ length: dimensions }, (_point, axis) =>
      side(Math.floor(i / count ** axis) % count),
    ),
  );
  return { shape: [points.length, dimensions], data: points.flat() };
}

describe("DiagonalGaussian", () => {
  const mean = [0.5, -1, 2];
  const logScale = [0, -0.7, 0.4];

  it("has the log-density of its formula", () => {
    const { base, feeds } = build(mean, logScale);
    const z = normals("z", [4, 3], 2);
    const expected = [0, 1, 2, 3].map((event) =>
      sumOf(
        mean.map((m, i) => {
          const scale = Math.exp(logScale[i]!);
          const standard = (z.data[event * 3 + i]! - m) / scale;
          return -0.5 * standard ** 2 - Math.log(scale * Math.sqrt(2 * Math.PI));
        }),
      ),
    );
    assertClose(logProbs(base, z, feeds), expected, 1e-14, "log p");
  });

  it("integrates to 1 in one and two dimensions", () => {
    for (const dimensions of [1, 2]) {
      const { base, feeds } = build(mean.slice(0, dimensions), logScale.slice(0, dimensions));
      const count = 200;
      const cell = (16 / count) ** dimensions;
      const z = grid(dimensions, count, -8, 8);
      const total = sumOf(logProbs(base, z, feeds).map(Math.exp)) * cell;
      assertClose([total], [1], 1e-9, `${dimensions} dimensions`);
    }
  });

  it("has the gradient that differences show", () => {
    const { scope, base, feeds } = build(mean, logScale);
    const z = input("z", [4, 3]);
    const loss = sumAll(base.logProb(z, new Context({ phase: "train" })));
    const at = { ...feeds, z: normals("z", [4, 3], 2) };
    assertGradients(loss, { ...parametersOf(scope), z }, at);
  });

  it("draws with its mean and deviation, the deviation times the temperature", () => {
    const { base, feeds } = build(mean, logScale);
    const count = 4000;
    for (const temperature of [1, 0.5]) {
      const ctx = new Context({ phase: "infer" });
      const z = base.sample(count, temperature, ctx);
      assert.deepEqual(z.shape, [count, 3]);
      const { data } = evaluate({ z }, { ...feeds, ...noiseFeeds(ctx, [z]) }).z;
      mean.forEach((m, i) => {
        const draws = [...data].filter((_, at) => at % 3 === i);
        assert.ok(Math.abs(meanOf(draws) - m) <= 4 * standardError(draws), "mean");
        const squares = draws.map((x) => (x - m) ** 2);
        const expected = (temperature * Math.exp(logScale[i]!)) ** 2;
        assert.ok(Math.abs(meanOf(squares) - expected) <= 4 * standardError(squares), "variance");
      });
    }
  });

  it("fits itself to a batch of any unit, and to a constant one", () => {
    for (const unit of [1e-6, 1, 1e6]) {
      const { base, feeds } = build([0, 0], [0, 0]);
      const data = Array.from(normals("batch", [50, 2]).data, (x, i) => unit * (x + (i % 2)));
      const ctx = new Context({ phase: "initialise" });
      const logProb = base.logProb(input("z", [50, 2]), ctx);
      const standard = evaluate({ logProb }, { ...feeds, z: { data: data.map((x) => x / unit) } });
      const found = evaluate({ logProb }, { ...feeds, z: { data } });
      const shifted = Array.from(standard.logProb.data, (l) => l - 2 * Math.log(unit));
      assertClose(found.logProb.data, shifted, 1e-9, `log p at ${unit}`);
      const constant = evaluate({ logProb }, { ...feeds, z: { data: data.map(() => unit) } });
      assertClose(
        constant.logProb.data,
        Array<number>(50).fill(-2 * Math.log(1e-2) - Math.log(2 * Math.PI)),
        1e-6,
        "log p of a constant",
      );
    }
  });

  it("fits itself to its batch when initialised", () => {
    const { base, feeds } = build([0, 0], [0, 0]);
    const count = 50;
    const draws = normals("batch", [count, 2]).data;
    const data = Array.from(draws, (x, i) => (i % 2 === 0 ? 3 + 2 * x : -1 + 1e-5 * x));
    const ctx = new Context({ phase: "initialise" });
    const logProb = base.logProb(input("z", [count, 2]), ctx);
    const { found, ...updates } = evaluate<string>(
      { found: logProb, ...ctx.updates },
      { ...feeds, z: { data } },
    );
    const column = (axis: number): number[] => data.filter((_, i) => i % 2 === axis);
    const deviation = (x: number[]): number =>
      Math.sqrt(meanOf(x.map((each) => (each - meanOf(x)) ** 2)));
    assertClose(updates.mean!.data, [meanOf(column(0)), meanOf(column(1))], 1e-12, "mean");
    const scales = [Math.log(deviation(column(0))), Math.log(1e-2)];
    assertClose(updates.logScale!.data, scales, 1e-12, "a deviation is at least 0.01");
    const later = logProbs(base, { shape: [count, 2], data }, updates);
    assertClose(found!.data, later, 1e-12, "the run that fits scores with what it fitted");
  });
});
