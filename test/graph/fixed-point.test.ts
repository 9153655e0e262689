import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { evaluate } from "../../src/engine/reference.js";
import {
  abs,
  add,
  fixedPoint,
  input,
  literal,
  mul,
  neg,
  sign,
  sub,
  type FixedPoint,
  type Tensor,
} from "../../src/graph/index.js";
import { normals } from "../support/values.js";

const evaluateBoth = (
  { value, step }: FixedPoint,
  feeds: Parameters<typeof evaluate>[1] = {},
): { value: Float64Array; step: Float64Array } => {
  const results = evaluate({ value, step }, feeds);
  return { value: results.value.data, step: results.step.data };
};

describe("fixedPoint", () => {
  it("gives f(x) and f(x) − x at the last iterate", () => {
    const start = normals("start", [3, 2]);
    const x = input("start", [3, 2]);
    const { value, step } = evaluateBoth(
      fixedPoint(x, (at) => mul(at, 0.25), { steps: 2, tolerance: 0 }),
      { start },
    );
    Array.from(start.data).forEach((first, i) => {
      assert.ok(Math.abs(value[i]! - first / 16) < 1e-15);
      assert.ok(Math.abs(step[i]! - (first / 16 - first / 4)) < 1e-15);
    });
  });

  it("extrapolates a linear map of one rate to its fixed point, event by event", () => {
    // x ← b − rate·x, whose plain iteration loses only 2 to 10 % an iteration.
    const rate = input("rate", [3, 1]);
    const f = (x: Tensor): Tensor => sub(1, mul(rate, x));
    const rates = [0.9, 0.95, 0.98];
    const feeds = { rate: { data: rates }, start: normals("start", [3, 4]) };
    const { value } = evaluateBoth(
      fixedPoint(input("start", [3, 4]), f, { steps: 3, tolerance: 0 }),
      feeds,
    );
    value.forEach((x, i) => {
      assert.ok(Math.abs(x - 1 / (1 + rates[i >> 2]!)) < 1e-12, `${x}`);
    });
  });

  it("goes on until every event is within its own tolerance", () => {
    const start = normals("start", [2, 3]);
    const f = (x: Tensor): Tensor => mul(x, literal([0.9, -0.8, 0.5], [3])); // three rates
    const { step } = evaluateBoth(
      fixedPoint(input("start", [2, 3]), f, {
        steps: 1e9, // would never end otherwise
        tolerance: input("tolerance", [2]),
      }),
      { start, tolerance: { data: [1e-2, 1e-6] } },
    );
    const [loose, tight] = [Math.hypot(...step.subarray(0, 3)), Math.hypot(...step.subarray(3))];
    assert.ok(loose <= 1e-2 && tight <= 1e-6, `${loose} ${tight}`);
    assert.ok(tight > 1e-9, `${tight}: it did not stop`);
  });

  it("ends where rounding keeps it near its tolerance, and nowhere else", () => {
    // A jump where the fixed point would be, wider than the tolerance, stands for rounding: steps of
    // 6e-7 to either side of it, for ever.
    const jumps = (x: Tensor): Tensor => sub(mul(sign(x), -1.5e-7), mul(x, 0.5));
    const start = normals("start", [5, 1]);
    const run = (tolerance: number, steps: number): Float64Array =>
      evaluateBoth(fixedPoint(input("start", [5, 1]), jumps, { steps, tolerance }), { start }).step;
    assert.deepEqual(run(1e-7, 1000), run(1e-7, 1001));
    assert.notDeepEqual(run(1e-8, 1000), run(1e-8, 1001));
  });

  it("converges for contractions on which secant steps cycle or run away", () => {
    const steps = zigzagSteps({ events: 300, slope: 0.95, tolerance: 1e-12, seed: "all" });
    const worst = Math.max(...steps.map(Math.abs));
    assert.ok(worst <= 1e-12, `${worst}`);
  });

  it("goes on after an extrapolation that leads astray, though nobody else keeps it going", () => {
    for (const tolerance of [1e-1, 1e-2, 1e-3, 1e-6]) {
      for (let seed = 0; seed < 100; seed++) {
        const [step] = zigzagSteps({ events: 1, slope: 0.98, tolerance, seed: String(seed) });
        assert.ok(Math.abs(step!) <= tolerance, `${seed}: ${step}`);
      }
    }
  });
});

/** f(x) − x at the end for zigzags of a slope, one an event: in one dimension, each extrapolation is a secant step. */
function zigzagSteps(options: {
  readonly events: number;
  readonly slope: number;
  readonly tolerance: number;
  readonly seed: string;
}): Float64Array {
  const { events, slope, tolerance, seed } = options;
  const columns = [events, 1];
  const width = add(abs(input("period", columns)), 0.05);
  const zigzag = (x: Tensor): Tensor => {
    let y = x;
    for (let fold = 0; fold < 4; fold++) y = sub(mul(width, 2 ** (2 - fold)), abs(y));
    return neg(mul(y, slope));
  };
  const f = (x: Tensor): Tensor => add(input("height", columns), zigzag(x));
  const drawn = (name: string, deviation = 1) => normals(`${name} ${seed}`, columns, deviation);
  return evaluateBoth(fixedPoint(input("start", columns), f, { steps: 1000, tolerance }), {
    height: drawn("height"),
    period: drawn("period"),
    start: drawn("start", 10),
  }).step;
}
