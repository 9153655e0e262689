import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AutoregressiveMixture } from "../../src/distributions/index.js";
import { evaluate } from "../../src/engine/reference.js";
import { ShapeError } from "../../src/errors.js";
import { input } from "../../src/graph/index.js";
import { Context, Scope } from "../../src/nn/index.js";
import { bounded, plainMade } from "../support/made.js";
import { noiseFeeds, settledFeeds } from "../support/modules.js";
import { assertClose, normals, sumOf } from "../support/values.js";

const features = 3;
const batch = 4;

interface Gaussian {
  readonly weight: number;
  readonly mean: number;
  readonly scale: number;
}

for (const components of [1, 3]) {
  for (const condition of [0, 2]) {
    const name = `${components} component(s)${condition ? ", conditional" : ""}`;
    describe(`AutoregressiveMixture of ${name}`, () => {
      const scope = new Scope();
      const base = new AutoregressiveMixture(scope.child("mixture"), features, {
        components,
        hidden: [6, 6],
        condition,
        reversed: false,
      });
      const feeds = settledFeeds(scope, { gain: 2 });
      const c = normals("c", [batch, condition]);
      const context = (): Context =>
        new Context({
          phase: "infer",
          ...(condition > 0 && { condition: input("c", c.shape) }),
        });

      /** The conditional of each feature, given those before it. */
      const conditionals = (event: number, z: readonly number[]): Gaussian[][] => {
        const hidden = condition > 0 ? [0, 0, 1, 1, 2, 2] : [1, 1, 1, 2, 2, 2];
        const made = {
          features,
          outputs: components > 1 ? 3 * components : 2,
          degrees: [[1, 2, 3, ...new Array<number>(condition).fill(0)], hidden, hidden],
          prefix: "mixture.",
        };
        const given = Array.from(c.data).slice(event * condition, (event + 1) * condition);
        const y = plainMade(made, [...z, ...given], feeds);
        return z.map((_, d) => {
          const logits = Array.from({ length: components }, (_, k) =>
            components > 1 ? y[2 * components + k]![d]! : 0,
          );
          const total = sumOf(logits.map(Math.exp));
          return logits.map((logit, k) => ({
            weight: Math.exp(logit) / total,
            mean: y[k]![d]! + (components > 1 ? (4 * k) / (components - 1) - 2 : 0),
            scale: Math.exp(bounded(y[components + k]![d]!)),
          }));
        });
      };

      it("has the log-density of its conditionals", () => {
        const z = normals("z", [batch, features], 1.5);
        const { logProb } = evaluate(
          { logProb: base.logProb(input("z", z.shape), context()) },
          { ...feeds, z, c },
        );
        const expected = Array.from({ length: batch }, (_, event) => {
          const row = Array.from(z.data).slice(event * features, (event + 1) * features);
          return sumOf(
            conditionals(event, row).map((mixture, d) =>
              Math.log(
                sumOf(
                  mixture.map(
                    ({ weight, mean, scale }) =>
                      (weight * Math.exp(-0.5 * ((row[d]! - mean) / scale) ** 2)) /
                      (scale * Math.sqrt(2 * Math.PI)),
                  ),
                ),
              ),
            ),
          );
        });
        assertClose(logProb.data, expected, 1e-12, "log p");
      });

      it("draws each feature in turn, of a component by its weight", () => {
        const temperature = 0.7;
        const ctx = context();
        const sample = base.sample(batch, temperature, ctx);
        const noise = noiseFeeds(ctx, [sample]);
        const { z } = evaluate({ z: sample }, { ...feeds, ...noise, c });
        const kindOf = (kind: string) =>
          noise[Object.keys(noise).find((name) => ctx.noises[name] === kind)!]!.data;
        const [normal, uniform] = [kindOf("normal"), kindOf("uniform")];
        for (let event = 0; event < batch; event++) {
          const row = new Array<number>(features).fill(0);
          for (let d = 0; d < features; d++) {
            // The first of independent exponential clocks, each as fast as its weight, to ring.
            const times = conditionals(event, row)[d]!.map(
              ({ weight }, k) =>
                -Math.log(uniform[(event * components + k) * features + d]!) / weight,
            );
            const chosen = times.indexOf(Math.min(...times));
            const { mean, scale } = conditionals(event, row)[d]![chosen]!;
            row[d] = mean + temperature * scale * normal[event * features + d]!;
          }
          assertClose(
            z.data.slice(event * features, (event + 1) * features),
            row,
            1e-12,
            `event ${event}`,
          );
        }
      });
    });
  }
}

describe("AutoregressiveMixture", () => {
  it("of one feature needs several components, or a condition", () => {
    const make = (components: number, condition: number): AutoregressiveMixture =>
      new AutoregressiveMixture(new Scope(), 1, {
        hidden: [2],
        reversed: false,
        components,
        condition,
      });
    assert.throws(() => make(1, 0), { name: "UsageError", message: /MADE with several/ });
    assert.ok(make(3, 0));
    assert.ok(make(1, 2));
  });

  it("refuses events of another shape", () => {
    const options = { components: 2, hidden: [2], condition: 0, reversed: false };
    const base = new AutoregressiveMixture(new Scope(), 3, options);
    assert.throws(
      () => base.logProb(input("z", [2, 4]), new Context({ phase: "infer" })),
      ShapeError,
    );
  });
});
