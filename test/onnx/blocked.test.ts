import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { gradients, vjp } from "../../src/autodiff/vjp.js";
import type { Engine } from "../../src/engine/engine.js";
import { nodeEngine } from "../../src/engine/node.js";
import { evaluate } from "../../src/engine/reference.js";
import {
  add,
  conv2d,
  elu,
  input,
  reshape,
  simplify,
  sumAll,
  square,
  type Tensor,
} from "../../src/graph/index.js";
import { toOnnx } from "../../src/onnx/index.js";
import { assertClose, drawInputs } from "../graph/numbers.js";

/** [B, I, O, H, W, k], some of them no multiple of a block. */
const sizes = [
  [8, 4, 4, 5, 4, 3],
  [8, 4, 20, 5, 6, 3],
  [12, 20, 4, 6, 5, 3],
  [16, 16, 32, 4, 4, 3],
  [16, 32, 16, 7, 7, 3],
  [20, 8, 12, 1, 1, 3],
  [8, 4, 8, 6, 5, 5],
  // Not for blocks: a batch that isn't a multiple of 4, channels that aren't.
  [9, 4, 8, 4, 4, 3],
  [8, 3, 8, 4, 4, 3],
] as const;

/** A convolution with bias, its two gradients, and the gradient of a vector-Jacobian product. */
function graphOf([b, i, o, h, w, k]: (typeof sizes)[number]): {
  inputs: Tensor[];
  outputs: Record<string, Tensor>;
} {
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

  for (const size of sizes) {
    it(`give what the reference gives for [B, I, O, H, W, k] = [${size}]`, async () => {
      const { inputs, outputs } = graphOf(size);
      const feeds = drawInputs(inputs);
      const expected = evaluate(outputs, feeds);
      for (const engine of engines) {
        const session = await engine.load({ outputs, updates: {}, guard: [] });
        const actual = await session.run(feeds);
        for (const [name, { data }] of Object.entries(expected)) {
          const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
          assertClose(
            actual[name]!.data.map((value) => value / largest),
            data.map((value) => value / largest),
            // Float32 adds up to 16·7·7 products one after another: 784 half units of 6e-8 at worst.
            2e-5,
            `${name}, ${engine.description}`,
          );
        }
      }
    });
  }

  it("take the place of the plain ones in batches of 8 and more, and only there", () => {
    const text = (size: (typeof sizes)[number]): string =>
      new TextDecoder("latin1").decode(
        toOnnx(graphOf(size).outputs, { target: "blocked16" }).bytes,
      );
    assert.match(text(sizes[1]), /com\.microsoft\.nchwc/);
    assert.doesNotMatch(text(sizes[8]), /com\.microsoft\.nchwc/);
  });
});
