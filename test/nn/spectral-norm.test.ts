import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Matrix } from "ml-matrix";
import { squeeze } from "../../src/bijections/index.js";
import { evaluate } from "../../src/engine/reference.js";
import { LipschitzError } from "../../src/errors.js";
import { dot, input } from "../../src/graph/index.js";
import { Context, LipschitzConv2d, LipschitzLinear, Scope } from "../../src/nn/index.js";
import { gradientByDifferences, gradientsAt } from "../support/derivatives.js";
import { convMatrix, matrixOf, spectralNorm } from "../support/matrices.js";
import { settled, settledFeeds } from "../support/modules.js";
import { assertClose, normals, sumOf, type Feeds, type Values } from "../support/values.js";

interface Layer {
  readonly scope: Scope;
  readonly feeds: Feeds;
  /** The explicit matrix of a weight. */
  readonly matrix: (weight: Values) => Matrix;
}

const c = 0.9;

function dense(inFeatures: number, outFeatures: number): Layer {
  const scope = new Scope();
  new LipschitzLinear(scope, inFeatures, outFeatures, c);
  return {
    scope,
    feeds: settledFeeds(scope),
    matrix: ({ data }) => matrixOf(data, inFeatures),
  };
}

function convolution(
  [inChannels, outChannels]: readonly [number, number],
  kernel: number,
  [height, width]: readonly [number, number],
): Layer {
  const scope = new Scope();
  new LipschitzConv2d(scope, { inChannels, outChannels, kernel, height, width }, c);
  const feeds = settledFeeds(scope, { iterations: 0 });
  const { shape, data } = feeds.weight!;
  // A positive mean keeps the two largest singular values apart: else thousands of iterations.
  const weight = { shape, data: Float64Array.from(data, (w) => w + 0.4) };
  return {
    scope,
    feeds: settled(scope, { ...feeds, weight }),
    matrix: (weight) => convMatrix(weight, height, width),
  };
}

const layers: Readonly<Record<string, Layer>> = {
  "dense 5 to 3": dense(5, 3),
  "dense 3 to 7": dense(3, 7),
  "1x1, 3 to 5 channels at 4x4": convolution([3, 5], 1, [4, 4]),
  "3x3, 2 to 3 channels at 4x4": convolution([2, 3], 3, [4, 4]),
  "3x3, 2 to 2 channels at 5x7": convolution([2, 2], 3, [5, 7]),
  "3x3, 1 to 1 channels at 8x8": convolution([1, 1], 3, [8, 8]),
  "3x3, 2 to 1 channels at 8x8": convolution([2, 1], 3, [8, 8]),
  "3x3, 4 to 4 channels at 1x1": convolution([4, 4], 3, [1, 1]),
};

const normOf = ({ scope }: Layer) => scope.norms[0]!;

const sigmaAfter = (layer: Layer, iterations: number, feeds = layer.feeds): number =>
  evaluate({ sigma: normOf(layer).iterate(iterations).sigma }, feeds).sigma.data[0]!;

function normalised(layer: Layer, feeds = layer.feeds, powerIterations = 0): Values {
  const ctx = new Context({ phase: "infer", powerIterations });
  return evaluate({ weight: normOf(layer).normalised(ctx) }, feeds).weight;
}

/** The feeds with the vectors a fresh model has. */
function unsettled({ scope }: Layer, feeds: Feeds): Feeds {
  const { u, v } = settledFeeds(scope, { iterations: 0 });
  return { ...feeds, u: u!, v: v! };
}

function scaled({ shape, data }: Values, factor: number): Values {
  return { shape, data: Float64Array.from(data, (w) => w * factor) };
}

for (const [name, layer] of Object.entries(layers)) {
  describe(`spectral norm, ${name}`, () => {
    const { feeds, matrix } = layer;
    const weight = feeds.weight!;
    const norm = spectralNorm(matrix(weight));

    it("is found from below by power iteration", () => {
      assert.ok(norm > 1.2 * c, `the weight exceeds its bound: ${norm}`);
      const start = unsettled(layer, feeds);
      const found = [0, 1, 3, 10, 30].map((count) => sigmaAfter(layer, count, start));
      found.forEach((sigma, i) => {
        assert.ok(sigma <= norm * (1 + 1e-12), `${sigma} above ${norm}`);
        assert.ok(i < 2 || sigma >= found[i - 1]! * (1 - 1e-12), `not rising: ${found.join(" ")}`);
      });
      assert.ok(found[0]! < 0.95 * norm, "random vectors are far from it");
      assertClose([sigmaAfter(layer, 0)], [norm], 1e-9, "settled");
    });

    it("is brought to c where it is larger", () => {
      const bounded = spectralNorm(matrix(normalised(layer)));
      assert.ok(bounded <= c * (1 + 1e-6) && bounded >= c * (1 - 1e-6), `${bounded}`);
    });

    it("leaves a weight within the bound as it is, to the bit", () => {
      const within = scaled(weight, (0.999 * c) / norm);
      const result = normalised(layer, { ...feeds, weight: within });
      assert.deepEqual(result.data, within.data);
    });

    it("goes on from the stored vectors", () => {
      const start = unsettled(layer, feeds);
      const ctx = new Context({ phase: "train", powerIterations: 3 });
      normOf(layer).normalised(ctx);
      const { u, v } = evaluate<string>(ctx.updates, start);
      for (const more of [0, 4]) {
        const warm = sigmaAfter(layer, more, { ...start, u: u!, v: v! });
        assertClose([warm], [sigmaAfter(layer, 3 + more, start)], 1e-11, `3 and ${more} more`);
      }
    });

    it("has the gradient of c·W/|W|", () => {
      const ctx = new Context({ phase: "train" });
      const probe = normals("probe", weight.shape);
      const loss = dot(normOf(layer).normalised(ctx), input("probe", weight.shape));
      const at: Feeds = { ...feeds, probe };
      const expected = gradientByDifferences(
        ({ weight: w }) =>
          (c / spectralNorm(matrix(w!))) * sumOf(Array.from(w!.data, (x, i) => x * probe.data[i]!)),
        at,
        "weight",
      );
      const { weight: gradient } = gradientsAt(loss, { weight: normOf(layer).weight }, at);
      assertClose(gradient!, expected, 1e-6, "gradient");
    });
  });
}

describe("spectral norm", () => {
  it("is the operator's at its height and width, not the reshaped matrix's", () => {
    const layer = layers["3x3, 2 to 1 channels at 8x8"]!;
    const weight = layer.feeds.weight!;
    const reshaped = spectralNorm(matrixOf(weight.data, 2 * 9));
    const sigma = sigmaAfter(layer, 0);
    assert.ok(Math.abs(sigma - reshaped) > 0.1 * sigma, `${sigma} and ${reshaped}`);
    const smaller = spectralNorm(convMatrix(weight, 4, 4));
    assert.ok(sigma > smaller * 1.01, `${sigma} at 8x8, ${smaller} at 4x4`);
  });

  it("of a layer after a squeeze is taken at half the height and width", () => {
    const { outShape } = squeeze([1, 8, 6]);
    const [channels, height, width] = outShape as readonly [number, number, number];
    const layer = convolution([channels, 2], 3, [height, width]);
    const { v, u } = normOf(layer);
    assert.deepEqual(v.shape, [1, 4, 4, 3]);
    assert.deepEqual(u.shape, [1, 2, 4, 3]);
    const weight = layer.feeds.weight!;
    assertClose([sigmaAfter(layer, 0)], [spectralNorm(convMatrix(weight, 4, 3))], 1e-9, "norm");
    const unsqueezed = spectralNorm(convMatrix(weight, 8, 6));
    assert.ok(unsqueezed > sigmaAfter(layer, 0) * 1.01, "the size matters");
  });

  it("follows a weight that moves a little with one iteration a step", () => {
    const layer = layers["3x3, 2 to 3 channels at 4x4"]!;
    let feeds = layer.feeds;
    for (let step = 0; step < 20; step++) {
      const { shape, data } = feeds.weight!;
      const moved = Float64Array.from(data, (w, i) => w + 0.002 * Math.sin(i * 7));
      feeds = settled(layer.scope, { ...feeds, weight: { shape, data: moved } }, 1);
    }
    const norm = spectralNorm(layer.matrix(feeds.weight!));
    const sigma = sigmaAfter(layer, 0, feeds);
    assert.ok(sigma <= norm && sigma >= 0.995 * norm, `${sigma} of ${norm}`);
  });

  it("survives a weight of zeros", () => {
    const layer = layers["3x3, 2 to 3 channels at 4x4"]!;
    const zero = settled(
      layer.scope,
      { ...layer.feeds, weight: scaled(layer.feeds.weight!, 0) },
      3,
    );
    assertClose([sigmaAfter(layer, 0, zero)], [0], 0, "norm of zeros");
    const back = { ...zero, weight: layer.feeds.weight! };
    const norm = spectralNorm(layer.matrix(back.weight));
    assertClose([sigmaAfter(layer, 0, back)], [norm], 1e-9, "the vectors stayed");
  });

  it("needs a bound between 0 and 1, or none", () => {
    for (const bound of [1, 1.2, 0, -0.5, NaN, Infinity]) {
      assert.throws(() => new LipschitzLinear(new Scope(), 2, 2, bound), LipschitzError);
      const sizes = { inChannels: 1, outChannels: 1, kernel: 3, height: 2, width: 2 };
      assert.throws(() => new LipschitzConv2d(new Scope(), sizes, bound), LipschitzError);
    }
  });

  it("takes a norm of 1 and more from who says that nothing is invertible then", () => {
    const scope = new Scope();
    const { norm } = new LipschitzLinear(scope, 3, 2, { norm: 1.5, invertible: false });
    assert.equal(norm.c, 1.5);
    const feeds = settledFeeds(scope);
    const large = settled(scope, { ...feeds, weight: scaled(feeds.weight!, 10) });
    const ctx = new Context({ phase: "infer" });
    const { weight } = evaluate({ weight: norm.normalised(ctx) }, large);
    assertClose([spectralNorm(matrixOf(weight.data, 3))], [1.5], 1e-6, "norm");
    for (const bad of [0, -1, NaN, Infinity]) {
      const free = { norm: bad, invertible: false } as const;
      assert.throws(() => new LipschitzLinear(new Scope(), 2, 2, free), LipschitzError);
    }
  });

  it("without a bound leaves the weight alone", () => {
    const scope = new Scope();
    const { norm } = new LipschitzLinear(scope, 3, 2, undefined);
    const ctx = new Context({ phase: "train", powerIterations: 1 });
    assert.equal(norm.normalised(ctx), norm.weight);
    assert.deepEqual(ctx.updates, {});
  });

  it("is traced once in a context, however often the layer is used", () => {
    const scope = new Scope();
    const { norm } = new LipschitzLinear(scope, 3, 2, c);
    const ctx = new Context({ phase: "train", powerIterations: 1 });
    assert.equal(norm.normalised(ctx), norm.normalised(ctx));
  });
});
