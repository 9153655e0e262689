import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { gradients, vjp } from "../../src/autodiff/vjp.js";
import type { Engine } from "../../src/engine/engine.js";
import { nodeEngine } from "../../src/engine/node.js";
import {
  add,
  conv2d,
  conv2dInputGrad,
  conv2dWeightGrad,
  div,
  elu,
  fixedPoint,
  input,
  maximum,
  mul,
  norm,
  reshape,
  simplify,
  square,
  sub,
  sum,
  sumAll,
  sumEvent,
  tanh,
  type Tensor,
} from "../../src/graph/index.js";
import { toOnnx } from "../../src/onnx/index.js";
import { assertAgree, type AgreeingGraph } from "./agreement.js";

/** [B, I, O, H, W, k], some of them no multiple of a block. */
const sizes = [
  [8, 4, 4, 5, 4, 3],
  [8, 4, 20, 5, 6, 3],
  [12, 20, 4, 6, 5, 3],
  [16, 16, 32, 4, 4, 3],
  [16, 32, 16, 7, 7, 3],
  [20, 8, 12, 1, 1, 3],
  [8, 4, 8, 6, 5, 5],
  // So many channels for so few that each tap's products come first.
  [8, 320, 12, 5, 6, 3],
  [8, 4, 320, 4, 5, 3],
  [8, 48, 4, 4, 3, 3],
  [8, 144, 16, 5, 6, 3],
  [8, 64, 8, 2, 1, 5],
  // Not for blocks: a batch that isn't a multiple of 4, channels that aren't.
  [9, 4, 8, 4, 4, 3],
  [8, 3, 8, 4, 4, 3],
] as const;

/** [B, C, width, H, W]: whole blocks, and channels that fill none. */
const blockSizes = [
  [8, 16, 32, 4, 5],
  [16, 32, 16, 3, 4],
  [12, 16, 16, 4, 4],
  [8, 12, 16, 5, 4],
  [8, 16, 20, 4, 4],
  // Whole blocks of pixels; no whole blocks, but so many that the 1x1 gradient comes in parts.
  [8, 16, 32, 16, 16],
  [8, 16, 32, 18, 18],
  // Too small a batch.
  [2, 16, 16, 4, 4],
] as const;

/** A convolution with bias, its two gradients, and the gradient of a vector-Jacobian product. */
function graphOf([b, i, o, h, w, k]: (typeof sizes)[number]): AgreeingGraph {
  const x = input("x", [b, i, h, w]);
  const weight = input("weight", [o, i, k, k]);
  const bias = input("bias", [o]);
  const v = input("v", [b, o, h, w]);
  const y = elu(add(conv2d(x, weight), reshape(bias, [1, o, 1, 1])));
  const dx = vjp(y, x, v);
  const [dWeight, dBias] = gradients(sumAll(square(y)), [weight, bias]);
  const [second] = gradients(sumAll(square(dx)), [weight]);
  const outputs = { y, dx, dWeight: dWeight!, dBias: dBias!, second: second! };
  return { inputs: [x, weight, bias, v], outputs: simplify(outputs) };
}

/**
 * y = a + g(a) for a = x·scale + shift and g = 3x3 ∘ φ ∘ 1x1 ∘ φ ∘ 3x3 ∘ φ, filters divided by a
 * scalar, the first one also applied to one image as power iteration does; sums and gradients.
 */
function residualBlock([b, c, width, h, w]: (typeof blockSizes)[number]): AgreeingGraph {
  const x = input("x", [b, c, h, w]);
  const cotangent = input("cotangent", [b, c, h, w]);
  const [scale, shift] = [input("scale", [1, c, 1, 1]), input("shift", [1, c, 1, 1])];
  const sigma = input("sigma", []);
  const filters = [
    input("w1", [width, c, 3, 3]),
    input("w2", [width, width, 1, 1]),
    input("w3", [c, width, 3, 3]),
  ];
  const biases = filters.map((f, i) => input(`b${i + 1}`, [1, f.shape[0]!, 1, 1]));
  const v = input("v", [1, c, h, w]);
  const scalar = maximum(sigma, 1);
  const a = add(mul(x, scale), shift);
  const g = filters.reduce(
    (t: Tensor, filter, i) => add(conv2d(elu(t), div(filter, scalar)), biases[i]!),
    a,
  );
  const y = add(a, g);
  const product = conv2d(v, filters[0]!);
  const back = conv2dInputGrad(product, filters[0]!);
  const loss = add(sumAll(square(y)), sumAll(square(vjp(g, a, cotangent))));
  const trained = [scale, shift, sigma, ...filters, ...biases];
  const inTrained = gradients(loss, trained);
  return {
    inputs: [x, cotangent, v, ...trained],
    outputs: simplify({
      y,
      perPixel: sum(mul(g, 2), [1]),
      perEvent: sumEvent(mul(g, y)),
      perImageChannel: sum(y, [2, 3]),
      product,
      outer: conv2dWeightGrad(v, div(product, norm(product)), 3),
      back: div(back, norm(back)),
      ...Object.fromEntries(inTrained.map((t, i) => [`gradient${i}`, t])),
    }),
  };
}

describe("blocked convolutions", () => {
  const engines: Engine[] = [];
  before(async () => {
    engines.push(
      await nodeEngine({ threads: 1 }),
      await nodeEngine({ threads: 1, lowering: "portable" }),
    );
  });
  after(() => Promise.all(engines.map((engine) => engine.close())));

  it("are described by the engine that takes them", () => {
    assert.match(engines[0]!.description, /, (blocked16|blocked8|portable) convolutions$/);
    assert.match(engines[1]!.description, /, portable convolutions$/);
  });

  // Float32 adds up to 16·7·7 products one after another: 784 half units of 6e-8 at worst.
  const assertAgrees = (graph: AgreeingGraph): Promise<void> => assertAgree(engines, graph, 2e-5);

  for (const size of sizes) {
    it(`give what the reference gives for [B, I, O, H, W, k] = [${size}]`, () =>
      assertAgrees(graphOf(size)));
  }

  for (const size of blockSizes) {
    it(`keep a residual block in blocks for [B, C, width, H, W] = [${size}]`, () =>
      assertAgrees(residualBlock(size)));
  }

  it("bring a residual block's results to rows, and nothing in between", () => {
    const { y, perPixel } = residualBlock(blockSizes[0]).outputs;
    const text = new TextDecoder("latin1").decode(
      toOnnx({ y: y!, perPixel: perPixel! }, { target: "blocked16" }).bytes,
    );
    // The field of a node's operator: its tag, its length, its name.
    assert.equal(text.split("\x22\x0dReorderOutput").length - 1, 2);
  });

  it("take the place of the plain ones where a filter meets 8 images, however they come", () => {
    const weight = input("weight", [16, 16, 3, 3]);
    const iterated = (iterations: number): string => {
      let y: Tensor = input("x", [1, 16, 6, 6]);
      for (let i = 0; i < iterations; i++) y = conv2dInputGrad(tanh(conv2d(y, weight)), weight);
      return new TextDecoder("latin1").decode(toOnnx({ y }, { target: "blocked16" }).bytes);
    };
    assert.doesNotMatch(iterated(3), /com\.microsoft\.nchwc/);
    assert.match(iterated(4), /com\.microsoft\.nchwc/);
  });

  it("take the place of the plain ones in a loop too, from 8 images on", () => {
    const weight = input("weight", [16, 16, 3, 3]);
    const looped = (batch: number): string => {
      const x = input("x", [batch, 16, 6, 6]);
      const f = (at: Tensor): Tensor => sub(x, mul(conv2d(at, weight), 0.01));
      const { value } = fixedPoint(x, f, { steps: 5, tolerance: 0 });
      return new TextDecoder("latin1").decode(toOnnx({ value }, { target: "blocked16" }).bytes);
    };
    assert.doesNotMatch(looped(7), /com\.microsoft\.nchwc/);
    assert.match(looped(8), /com\.microsoft\.nchwc/);
  });

  it("leave channels that are no multiple of 4 to the plain ones", () => {
    const text = (size: (typeof sizes)[number]): string =>
      new TextDecoder("latin1").decode(
        toOnnx(graphOf(size).outputs, { target: "blocked16" }).bytes,
      );
    assert.match(text(sizes[1]), /com\.microsoft\.nchwc/);
    assert.doesNotMatch(text(sizes.at(-1)!), /com\.microsoft\.nchwc/);
  });
});
