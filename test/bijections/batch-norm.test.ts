import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BatchNormBijection } from "../../src/bijections/index.js";
import { evaluate } from "../../src/engine/reference.js";
import { add, input, square, sumAll } from "../../src/graph/index.js";
import { Context, Scope, type ContextOptions } from "../../src/nn/index.js";
import { assertGradients } from "../support/derivatives.js";
import { parametersOf } from "../support/modules.js";
import { assertClose, meanOf, normals, type Feeds, type Values } from "../support/values.js";

const channels = 3;
const epsilon = 1e-5;
const stored: Feeds = {
  logScale: { shape: [channels], data: [0.2, -0.5, 0] },
  shift: { shape: [channels], data: [0, -1, 3] },
  mean: { shape: [channels], data: [0.5, -2, 4] },
  variance: { shape: [channels], data: [1, 9, 0.25] },
};
const at = (name: string, channel: number): number => stored[name]!.data[channel]!;

const channelOf = ({ shape, data }: Values, i: number): number =>
  Math.floor(i / (data.length / shape[0]! / channels)) % channels;

function ofChannel(x: Values, channel: number): number[] {
  return Array.from(x.data).filter((_, i) => channelOf(x, i) === channel);
}

function momentsOf(x: Values, channel: number): { mean: number; variance: number } {
  const data = ofChannel(x, channel);
  const mean = meanOf(data);
  return { mean, variance: meanOf(data.map((value) => (value - mean) ** 2)) };
}

function run(event: readonly number[], phase: ContextOptions["phase"]) {
  const scope = new Scope();
  const layer = new BatchNormBijection(scope, event);
  const raw = normals("x", [7, ...event]);
  const x = {
    shape: raw.shape,
    data: Float64Array.from(raw.data, (value, i) => 3 * value + channelOf(raw, i)),
  };
  const ctx = new Context({ phase });
  const { value, logDet } = layer.forward(input("x", x.shape), ctx);
  const { y, l, ...updates } = evaluate<string>(
    { y: value, l: logDet, ...ctx.updates },
    { ...stored, x },
  );
  return { scope, layer, x, y: y!, logDet: l!, updates };
}

for (const event of [[channels], [channels, 2, 2]]) {
  describe(`BatchNormBijection of [B, ${event.join(", ")}]`, () => {
    const perChannel = event.slice(1).reduce((a, b) => a * b, 1);

    for (const [phase, share] of [
      ["train", 0.1],
      ["initialise", 1],
    ] as const) {
      it(`takes its batch's statistics in the phase ${phase}`, () => {
        const { x, y, logDet, updates } = run(event, phase);
        let expected = 0;
        for (let channel = 0; channel < channels; channel++) {
          const batch = momentsOf(x, channel);
          const deviation = Math.sqrt(batch.variance + epsilon);
          assertClose(
            ofChannel(y, channel),
            ofChannel(x, channel).map(
              (value) =>
                ((value - batch.mean) / deviation) * Math.exp(at("logScale", channel)) +
                at("shift", channel),
            ),
            1e-12,
            "y",
          );
          expected += perChannel * (at("logScale", channel) - Math.log(deviation));
          for (const name of ["mean", "variance"] as const) {
            const moved = (1 - share) * at(name, channel) + share * batch[name];
            assertClose([updates[name]!.data[channel]!], [moved], 1e-12, name);
          }
        }
        assertClose(logDet.data, new Array<number>(7).fill(expected), 1e-12, "logDet");
      });
    }

    it("infers with the running statistics, and leaves them", () => {
      const { x, y, logDet, updates } = run(event, "infer");
      assert.deepEqual(updates, {});
      let expected = 0;
      for (let channel = 0; channel < channels; channel++) {
        const deviation = Math.sqrt(at("variance", channel) + epsilon);
        assertClose(
          ofChannel(y, channel),
          ofChannel(x, channel).map(
            (value) =>
              ((value - at("mean", channel)) / deviation) * Math.exp(at("logScale", channel)) +
              at("shift", channel),
          ),
          1e-12,
          "y",
        );
        expected += perChannel * (at("logScale", channel) - Math.log(deviation));
      }
      assertClose(logDet.data, new Array<number>(7).fill(expected), 1e-12, "logDet");
    });

    it("comes back by the running statistics", () => {
      const { layer, x, y, logDet } = run(event, "infer");
      const back = layer.inverse(input("y", y.shape));
      const { value, l } = evaluate({ value: back.value, l: back.logDet }, { ...stored, y });
      assertClose(value.data, x.data, 1e-12, "x");
      assertClose(
        l.data,
        Array.from(logDet.data, (value) => -value),
        1e-12,
        "logDet",
      );
    });
  });
}

describe("BatchNormBijection", () => {
  it("has a gradient through its batch's statistics", () => {
    const scope = new Scope();
    const x = normals("x", [4, channels]);
    const ctx = new Context({ phase: "train" });
    const at = input("x", x.shape);
    const { value, logDet } = new BatchNormBijection(scope, [channels]).forward(at, ctx);
    const loss = add(sumAll(square(square(value))), sumAll(logDet));
    assertGradients(loss, { ...parametersOf(scope), x: at }, { ...stored, x });
  });
});
