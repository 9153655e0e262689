import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  Chain,
  flatten,
  Logit,
  MultiScale,
  Rescale,
  squeeze,
  ZeroPad,
  type Bijection,
} from "../../src/bijections/index.js";
import { nodeEngine } from "../../src/engine/node.js";
import { evaluate } from "../../src/engine/reference.js";
import { ShapeError, UsageError } from "../../src/errors.js";
import { input } from "../../src/graph/index.js";
import { Context } from "../../src/nn/index.js";
import { runIn } from "../support/rows.js";
import { assertClose, type Values } from "../support/values.js";

const context = (): Context => new Context({ phase: "infer" });

function forward(bijection: Bijection, ...data: number[]): number[] {
  const x = input("x", [1, ...bijection.inShape]);
  const { y } = evaluate({ y: bijection.forward(x, context()).value }, { x: { data } });
  return [...y.data];
}

/** Relative residuals of an inverse's checks, one batch of each. */
function residuals(bijection: Bijection, y: Values): number[][] {
  const { checks } = bijection.inverse(input("y", y.shape), context());
  return checks.map(({ residual }) => [...evaluate({ residual }, { y }).residual.data]);
}

describe("squeeze", () => {
  it("moves each 2x2 patch to channels, rows before columns before old channels", () => {
    assert.deepEqual(forward(squeeze([1, 2, 4]), 1, 2, 3, 4, 5, 6, 7, 8), [1, 3, 2, 4, 5, 7, 6, 8]);
    assert.deepEqual(forward(squeeze([2, 2, 2]), 1, 2, 3, 4, 5, 6, 7, 8), [1, 5, 2, 6, 3, 7, 4, 8]);
  });

  it("needs an even height and width", () => {
    assert.throws(() => squeeze([1, 3, 2]), ShapeError);
    assert.throws(() => squeeze([1, 2, 5]), ShapeError);
  });
});

describe("MultiScale", () => {
  it("finishes the first half of the channels after each scale", () => {
    const scales = [flatless([4, 1, 1]), flatless([2, 1, 1]), flatless([1, 1, 1])];
    assert.deepEqual(forward(new MultiScale(scales), 1, 2, 3, 4), [10, 20, 300, 4000]);
  });

  it("needs scales that fit, and channels to halve", () => {
    assert.throws(() => new MultiScale([]), ShapeError);
    assert.throws(() => new MultiScale([flatless([4, 1, 1]), flatless([4, 1, 1])]), ShapeError);
    assert.throws(() => new MultiScale([flatless([3, 1, 1]), flatless([1, 1, 1])]), ShapeError);
  });

  /** Ten times everything, so that the number of scales passed shows. */
  function flatless(shape: readonly number[]): Bijection {
    return new Rescale(shape, { offset: 0, scale: 10 });
  }
});

describe("Chain", () => {
  it("needs parts, each taking what the one before gives", () => {
    assert.throws(() => new Chain([]), UsageError);
    assert.throws(() => new Chain([flatten([2, 2]), flatten([2, 2])]), ShapeError);
  });
});

describe("ZeroPad", () => {
  it("appends zeros, and finds them missing", () => {
    const bijection = new ZeroPad("padding", [1, 2], 2);
    assert.deepEqual(forward(bijection, 3, 4), [3, 4, 0, 0]);
    const shape = [3, 2, 2];
    const data = [3, 4, 0, 0, 3, 4, 0, -0.5, 0, 0, 8, 0];
    const [found] = residuals(bijection, { shape, data });
    assertClose(found!, [0, 0.5 / (1 + Math.hypot(3, 4, 0.5)), 8 / 9], 1e-15, "residual");
  });

  it("can't take channels away", () => {
    assert.throws(() => new ZeroPad("padding", [3, 2, 2], 2), ShapeError);
  });
});

describe("Logit", () => {
  it("is finite on the whole of [0, 1], its ends at ±ln((1−α)/α)", () => {
    const alpha = 1e-6;
    const [low, middle, high] = forward(new Logit([3], alpha), 0, 0.5, 1);
    const end = Math.log((1 - alpha) / alpha);
    assertClose([low!, middle!, high!], [-end, 0, end], 1e-9, "y");
  });

  it("takes what rounding puts outside as on the border, and no more", async () => {
    // Pixels of samples lie in [-0.0003, 256.0003]/256.
    const beyond = 0.0003 / 256;
    const logit = new Logit([1], 1e-6);
    const { value, logDet } = logit.forward(input("x", [4, 1]));
    const feeds = { x: { shape: [4, 1], data: [-beyond, 1 + beyond, -0.01, 1.01] } };
    await using engine = await nodeEngine({ threads: 1 });
    for (const place of [undefined, engine]) {
      const found = await runIn(place, { value, logDet }, feeds);
      const [low, high, lower, higher] = Array.from(found.value!.data);
      assertClose([low!, high!], [Math.log(2 ** -34), -Math.log(2 ** -34)], 1e-3, "y");
      assert.ok(Number.isNaN(lower) && Number.isNaN(higher), `${lower} ${higher}`);
      assert.ok(Array.from(found.logDet!.data).slice(0, 2).every(Number.isFinite));
    }
  });
});
