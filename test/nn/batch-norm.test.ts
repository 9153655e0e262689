import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { evaluate } from "../../src/engine/reference.js";
import { input, mul, square, sumAll, sub } from "../../src/graph/index.js";
import { BatchNorm, Context, Scope } from "../../src/nn/index.js";
import { assertGradients } from "../support/derivatives.js";
import { parametersOf } from "../support/modules.js";
import { assertClose, meanOf, normals, type Feeds, type Values } from "../support/values.js";

const channels = 3;
const shape = [5, channels, 2, 4];

function build(): { scope: Scope; layer: BatchNorm; feeds: Feeds } {
  const scope = new Scope();
  const layer = new BatchNorm(scope, channels);
  const { data } = normals("x", shape);
  return {
    scope,
    layer,
    feeds: {
      x: { shape, data: Float64Array.from(data, (x, i) => 3 * x + channelOf(i)) },
      scale: { shape: [channels], data: [1, 2, 0.5] },
      shift: { shape: [channels], data: [0, -1, 3] },
      mean: { shape: [channels], data: [0.5, -2, 4] },
      variance: { shape: [channels], data: [1, 9, 0.25] },
    },
  };
}

const channelOf = (i: number): number => Math.floor(i / 8) % channels;
const ofChannel = ({ data }: Values, channel: number): number[] =>
  Array.from(data).filter((_, i) => channelOf(i) === channel);
const variance = (data: readonly number[]): number => {
  const mean = meanOf(data);
  return meanOf(data.map((x) => (x - mean) ** 2));
};

describe("BatchNorm", () => {
  it("trains on its batch's statistics", () => {
    const { layer, feeds } = build();
    const { y } = evaluate(
      { y: layer.apply(input("x", shape), new Context({ phase: "train" })) },
      feeds,
    );
    for (let channel = 0; channel < channels; channel++) {
      const [scale, shift] = [feeds.scale!.data[channel]!, feeds.shift!.data[channel]!];
      const before = variance(ofChannel(feeds.x!, channel));
      assertClose([meanOf(ofChannel(y, channel))], [shift], 1e-13, "mean");
      assertClose(
        [variance(ofChannel(y, channel))],
        [(scale ** 2 * before) / (before + 1e-5)],
        1e-12,
        "variance",
      );
    }
  });

  it("moves the running statistics by a tenth", () => {
    const { layer, feeds } = build();
    const ctx = new Context({ phase: "train" });
    layer.apply(input("x", shape), ctx);
    const moved = evaluate<string>(ctx.updates, feeds);
    assert.deepEqual(Object.keys(moved).sort(), ["mean", "variance"]);
    for (let channel = 0; channel < channels; channel++) {
      const data = ofChannel(feeds.x!, channel);
      const expected = (name: "mean" | "variance", batch: number): number =>
        0.9 * feeds[name]!.data[channel]! + 0.1 * batch;
      assertClose([moved.mean!.data[channel]!], [expected("mean", meanOf(data))], 1e-13, "mean");
      assertClose(
        [moved.variance!.data[channel]!],
        [expected("variance", variance(data))],
        1e-13,
        "variance",
      );
    }
  });

  it("infers with the running statistics, and leaves them", () => {
    const { layer, feeds } = build();
    const ctx = new Context({ phase: "infer" });
    const { y } = evaluate({ y: layer.apply(input("x", shape), ctx) }, feeds);
    assert.deepEqual(ctx.updates, {});
    const at = (name: string, i: number): number => feeds[name]!.data[channelOf(i)]!;
    const expected = Array.from(
      feeds.x!.data,
      (x, i) =>
        ((x - at("mean", i)) / Math.sqrt(at("variance", i) + 1e-5)) * at("scale", i) +
        at("shift", i),
    );
    assertClose(y.data, expected, 1e-13, "y");
  });

  it("has a gradient through the batch's statistics", () => {
    const { scope, layer, feeds } = build();
    const x = input("x", shape);
    const y = layer.apply(x, new Context({ phase: "train" }));
    const loss = sumAll(mul(square(sub(y, input("target", shape))), 0.5));
    const target = normals("target", shape);
    assertGradients(loss, { ...parametersOf(scope), x }, { ...feeds, target });
  });
});
