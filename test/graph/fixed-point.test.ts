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
    // Zigzags of slope ±0.95, one a row: one-dimensional, so each extrapolation is a secant step.
    const events = 300;
    const columns = [events, 1];
    const [height, period] = [normals("height", columns), normals("period", columns)];
    const width = add(abs(input("period", columns)), 0.05);
    const zigzag = (x: Tensor): Tensor => {
      let y = x;
      for (let fold = 0; fold < 4; fold++) y = sub(mul(width, 2 ** (2 - fold)), abs(y));
      return neg(mul(y, 0.95));
    };
    const f = (x: Tensor): Tensor => add(input("height", columns), zigzag(x));
    const { step } = evaluateBoth(
      fixedPoint(input("start", columns), f, { steps: 1000, tolerance: 1e-12 }),
      { height, period, start: normals("start", columns, 10) },
    );
    const worst = Math.max(...step.map(Math.abs));
    assert.ok(worst <= 1e-12, `${worst}`);
  });
});
