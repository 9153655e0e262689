import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { evaluate, type Float64NDArray } from "../../src/engine/reference.js";
import { input } from "../../src/graph/index.js";
import { createOptimizer } from "../../src/train/optimizer-registry.js";
import { optimizerConfig, type OptimizerOptions } from "../../src/train/optimizers.js";
import { Packing } from "../../src/train/packing.js";

type Options = OptimizerOptions;
type Gradient = (p: number, step: number) => number;

/** The values of one parameter over some steps, by the graph of the optimizer. */
function run(
  options: Options,
  {
    start,
    rate,
    steps,
    decay = true,
  }: { start: number; rate: number; steps: number; decay?: boolean },
  gradient: Gradient,
): number[] {
  const optimizer = createOptimizer(optimizerConfig.parse(options));
  const scalar = (name: string) => input(name, []);
  const kept = Object.fromEntries(optimizer.slots.map((name) => [name, scalar(name)]));
  const packing = new Packing([{ name: "p", shape: [] }]);
  const at = { rate: scalar("rate"), step: scalar("step"), decay, packing };
  const { value, slots } = optimizer.apply(scalar("p"), scalar("g"), kept, at);
  const path: number[] = [];
  let p = start;
  let state: Record<string, number> = Object.fromEntries(optimizer.slots.map((name) => [name, 0]));
  for (let step = 1; step <= steps; step++) {
    const feeds = { ...state, p, g: gradient(p, step), rate, step };
    const results: Readonly<Record<string, Float64NDArray>> = evaluate(
      { ...slots, value },
      Object.fromEntries(Object.entries(feeds).map(([name, x]) => [name, { data: [x] }])),
    );
    p = results.value!.data[0]!;
    state = Object.fromEntries(optimizer.slots.map((name) => [name, results[name]!.data[0]!]));
    path.push(p);
  }
  return path;
}

function assertClose(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]!) < 1e-12, `step ${i + 1}: ${value}, ${expected[i]!}`);
  });
}

const gradients = [0.5, -0.2, 0.3, 0.05];
const given: Gradient = (_p, step) => gradients[step - 1]!;

describe("sgd", () => {
  it("adds gradients up with momentum", () => {
    // v = 0.5, 0.25, 0.525, 0.5225
    const path = run({ kind: "sgd", momentum: 0.9 }, { start: 1, rate: 0.1, steps: 4 }, given);
    assertClose(path, [0.95, 0.925, 0.8725, 0.82025]);
  });

  it("looks ahead with Nesterov's momentum", () => {
    // g + 0.9v = 0.95, 0.025, 0.7725, 0.52025
    const options = { kind: "sgd", momentum: 0.9, nesterov: true } as const;
    const path = run(options, { start: 1, rate: 0.1, steps: 4 }, given);
    assertClose(path, [0.905, 0.9025, 0.82525, 0.773225]);
  });

  it("adds the decay to the gradient, so that momentum carries it", () => {
    const options = { kind: "sgd", momentum: 0.5, weightDecay: 0.1 } as const;
    // h₁ = 0.5 + 0.1·1, p₁ = 0.94; v₂ = 0.3 − 0.2 + 0.094, p₂ = 0.94 − 0.0194
    assertClose(run(options, { start: 1, rate: 0.1, steps: 2 }, given), [0.94, 0.9206]);
    const without = run(options, { start: 1, rate: 0.1, steps: 2, decay: false }, given);
    // v₁ = 0.5, v₂ = 0.25 − 0.2
    assertClose(without, [0.95, 0.945]);
  });
});

describe("adam", () => {
  const [beta1, beta2, epsilon, rate] = [0.8, 0.95, 1e-3, 0.1] as const;

  /** Weighted sums over the whole history, in place of the recursion. */
  function expected(weightDecay: number): number[] {
    let p = 1;
    return gradients.map((_, last) => {
      const weighted = (beta: number, f: (g: number) => number): number => {
        const weights = gradients.slice(0, last + 1).map((_g, i) => beta ** (last - i));
        const total = weights.reduce((sum, w) => sum + w);
        return weights.reduce((sum, w, i) => sum + w * f(gradients[i]!), 0) / total;
      };
      const mean = weighted(beta1, (g) => g);
      const square = weighted(beta2, (g) => g * g);
      p -= rate * (mean / (Math.sqrt(square) + epsilon) + weightDecay * p);
      return p;
    });
  }

  it("is the ratio of bias-corrected averages", () => {
    const options = { kind: "adam", beta1, beta2, epsilon } as const;
    assertClose(run(options, { start: 1, rate, steps: 4 }, given), expected(0));
  });

  it("decays apart from the gradient", () => {
    const options = { kind: "adam", beta1, beta2, epsilon, weightDecay: 0.2 } as const;
    assertClose(run(options, { start: 1, rate, steps: 4 }, given), expected(0.2));
    assertClose(run(options, { start: 1, rate, steps: 4, decay: false }, given), expected(0));
  });
});

describe("adamax", () => {
  it("divides by the decayed largest gradient", () => {
    const options = { kind: "adamax", beta1: 0.5, beta2: 0.6, epsilon: 1e-9 } as const;
    const path = run(options, { start: 1, rate: 0.1, steps: 3 }, given);
    // largest: 0.5, max(0.3, 0.2), max(0.18, 0.3); mean: 0.25, 0.025, 0.1625
    const [p1, p2] = [1 - (0.1 * 0.25) / 0.5 / (0.5 + 1e-9), 0.1 * (0.025 / 0.75)];
    const second = p1 - p2 / ((0.5 + 1e-9) * 0.6);
    assertClose(path, [p1, second, second - (0.1 * (0.1625 / 0.875)) / (0.3 + 1e-9)]);
  });
});

describe("every optimizer", () => {
  const all: readonly Options[] = [{ kind: "sgd" }, { kind: "adam" }, { kind: "adamax" }];
  for (const options of all) {
    it(`${JSON.stringify(options)} finds the minimum of a quadratic`, () => {
      const path = run(options, { start: 2, rate: 0.05, steps: 600 }, (p) => 2 * (p - 0.7));
      assert.ok(Math.abs(path.at(-1)! - 0.7) < 1e-2, `ended at ${path.at(-1)!}`);
    });
  }
});
