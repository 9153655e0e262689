import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inverseErrorBound } from "../../src/certificates/index.js";

describe("inverseErrorBound", () => {
  // g(x) = Lx, so that f⁻¹(y) = y/(1 + L), and each iterate's error is −L times the one before.
  const lipschitz = 0.9;
  const y = 3;
  const right = y / (1 + lipschitz);

  it("covers the error after every step, and is reached by a step back", () => {
    let x = y;
    for (let i = 0; i < 40; i++) {
      const next = y - lipschitz * x;
      const bound = inverseErrorBound({ lipschitz, step: Math.abs(next - x) });
      assert.ok(Math.abs(next - right) <= bound, `step ${i}`);
      x = next;
    }
    // For g(x) = −Lx the errors keep their sign, and the bound is the error.
    const last = y + lipschitz * x;
    const error = Math.abs(last - y / (1 - lipschitz));
    const bound = inverseErrorBound({ lipschitz, step: Math.abs(last - x) });
    assert.ok(error <= bound * (1 + 1e-14) && error >= bound * (1 - 1e-12));
  });

  it("counts the rounding of the last evaluation", () => {
    const moved = y - lipschitz * y + 1e-3;
    const step = Math.abs(moved - y);
    const bound = inverseErrorBound({ lipschitz, step, rounding: 1e-3 });
    assert.ok(Math.abs(moved - right) <= bound);
    assert.ok(Math.abs(bound - inverseErrorBound({ lipschitz, step }) - 1e-2) < 1e-12);
  });

  it("is infinite unless L < 1", () => {
    for (const none of [1, 1.2, NaN, Infinity]) {
      assert.equal(inverseErrorBound({ lipschitz: none, step: 0 }), Infinity);
    }
  });
});
