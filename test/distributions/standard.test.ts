import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StandardGaussian, StandardLogistic, type Base } from "../../src/distributions/index.js";
import { openUniform } from "../../src/distributions/open-uniform.js";
import { nodeEngine } from "../../src/engine/node.js";
import { evaluate } from "../../src/engine/reference.js";
import { input, log, neg, sub } from "../../src/graph/index.js";
import { Context } from "../../src/nn/index.js";
import { noiseFeeds } from "../support/modules.js";
import { runIn } from "../support/rows.js";
import { assertClose, meanOf, standardError } from "../support/values.js";

const context = (): Context => new Context({ phase: "infer" });

function densityOf(base: Base, z: readonly number[], features: number): number[] {
  const logProb = base.logProb(input("z", [z.length / features, features]), context());
  return Array.from(evaluate({ logProb }, { z: { data: z } }).logProb.data);
}

function draw(base: Base, count: number, temperature: number): Float64Array {
  const ctx = context();
  const z = base.sample(count, temperature, ctx);
  return evaluate({ z }, noiseFeeds(ctx, [z])).z.data;
}

/** Values of a density with their known logarithms and variance. */
const bases = {
  StandardGaussian: {
    make: (features: number) => new StandardGaussian(features),
    // ln(1/√2π), and ½ less at 1
    at: { 0: -0.9189385332046727, 1: -1.4189385332046727 },
    variance: 1,
  },
  StandardLogistic: {
    make: (features: number) => new StandardLogistic(features),
    // ln ¼, and ln(e/(1 + e)²)
    at: { 0: -1.3862943611198906, 1: -1.6265233750364456 },
    variance: Math.PI ** 2 / 3,
  },
};

for (const [name, { make, at, variance }] of Object.entries(bases)) {
  describe(name, () => {
    it("has the density of its formula, summed over features", () => {
      const expected = [at[0] + at[1], 2 * at[1], 2 * at[0]];
      assertClose(densityOf(make(2), [0, 1, 1, -1, 0, 0], 2), expected, 1e-15, "log p");
    });

    it("draws with its variance, scaled by the temperature", () => {
      for (const temperature of [1, 0.5]) {
        const z = draw(make(2), 10_000, temperature);
        const squares = z.map((value) => (value / temperature) ** 2);
        assert.ok(Math.abs(meanOf(z)) <= 4 * standardError(z));
        assert.ok(Math.abs(meanOf(squares) - variance) <= 4 * standardError(squares));
      }
    });
  });
}

describe("openUniform", () => {
  it("has finite logarithms at both ends of the noise, in the reference and in float32", async () => {
    const u = openUniform(input("u", [3]));
    const outputs = { u: log(u), rest: log(sub(1, u)), gumbel: neg(log(neg(log(u)))) };
    await using engine = await nodeEngine({ threads: 1 });
    for (const place of [undefined, engine]) {
      const feeds = { u: { shape: [3], data: [0, 0.5, 1 - 2 ** -24] } };
      for (const [name, { data }] of Object.entries(await runIn(place, outputs, feeds))) {
        assert.ok(
          Array.from(data).every(Number.isFinite),
          `${name}: ${Array.from(data).join(" ")}`,
        );
      }
    }
  });
});

describe("StandardLogistic.sample", () => {
  it("is finite at both ends of the noise, in float32", () => {
    const ctx = context();
    const z = new StandardLogistic(2).sample(1, 1, ctx);
    const [name = ""] = Object.keys(ctx.noises);
    const { data } = evaluate({ z }, { [name]: { data: [0, 1 - 2 ** -24] } }).z;
    assert.ok(data.every(Number.isFinite), data.join(" "));
    const u = Math.fround(Math.fround((1 - 2 ** -24) * Math.fround(1 - 2 ** -22)) + 2 ** -23);
    assert.ok(Math.fround(u) < 1);
  });
});
