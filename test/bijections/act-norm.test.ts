import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ActNorm } from "../../src/bijections/index.js";
import { nodeEngine } from "../../src/engine/node.js";
import { evaluate } from "../../src/engine/reference.js";
import { input } from "../../src/graph/index.js";
import { Context, Scope, type ContextOptions } from "../../src/nn/index.js";
import { Random } from "../../src/random.js";
import { decodeSafetensors, encodeSafetensors } from "../../src/checkpoint/safetensors.js";
import { ndarray } from "../../src/tree.js";
import { runIn } from "../support/rows.js";
import { assertClose, meanOf, normals, type Feeds, type Values } from "../support/values.js";

interface Result {
  readonly y: Values;
  readonly logDet: Values;
  readonly updates: Readonly<Record<string, Values>>;
}

const fresh = (scope: Scope): Feeds => scope.initialArrays(Random.fromSeed(1));

function run(layer: ActNorm, x: Values, feeds: Feeds, phase: ContextOptions["phase"]): Result {
  const ctx = new Context({ phase });
  const { value, logDet } = layer.forward(input("x", x.shape), ctx);
  const { y, l, ...updates } = evaluate<string>(
    { y: value, l: logDet, ...ctx.updates },
    { ...feeds, x },
  );
  return { y: y!, logDet: l!, updates };
}

/** What passes channel `channel` of `[B, C, ...]`. */
function ofChannel({ shape, data }: Values, channel: number): number[] {
  const [batch, channels] = [shape[0]!, shape[1]!];
  const size = data.length / batch / channels;
  return Array.from(data).filter((_, i) => Math.floor(i / size) % channels === channel);
}

function spread({ shape, data }: Values, scales: readonly number[]): Values {
  const size = data.length / shape[0]! / scales.length;
  const scaled = Float64Array.from(data, (x, i) => {
    const channel = Math.floor(i / size) % scales.length;
    return scales[channel]! * (x + channel);
  });
  return { shape, data: scaled };
}

const variance = (data: readonly number[]): number => {
  const mean = meanOf(data);
  return meanOf(data.map((x) => (x - mean) ** 2));
};

for (const event of [[3], [3, 2, 4]]) {
  describe(`ActNorm initialised on [B, ${event.join(", ")}]`, () => {
    const scope = new Scope();
    const layer = new ActNorm(scope, event);
    const x = spread(normals("x", [16, ...event]), [1, 40, 0.003]);
    const { y, logDet, updates } = run(layer, x, fresh(scope), "initialise");

    it("gives its batch mean 0 and variance 1 in each channel", () => {
      for (let channel = 0; channel < 3; channel++) {
        assertClose([meanOf(ofChannel(y, channel))], [0], 1e-12, "mean");
        assertClose([variance(ofChannel(y, channel))], [1], 1e-12, "variance");
      }
    });

    it("stores what it set, and that it did", () => {
      assert.deepEqual(Object.keys(updates).sort(), ["initialised", "logScale", "shift"]);
      assert.deepEqual(Array.from(updates.initialised!.data), [1]);
      for (const phase of ["train", "infer"] as const) {
        const later = run(layer, x, { ...fresh(scope), ...updates }, phase);
        assertClose(later.y.data, y.data, 1e-15, phase);
        assertClose(later.logDet.data, logDet.data, 1e-15, phase);
        assert.deepEqual(later.updates, {}, "not set again");
      }
    });

    it("is the same after a file, and isn't set again by training", () => {
      const arrays = Object.fromEntries(
        Object.entries(updates).map(([name, { shape, data }]) => [name, ndarray(data, shape)]),
      );
      const { arrays: loaded } = decodeSafetensors(encodeSafetensors(arrays, {}), "act-norm");
      assert.deepEqual(loaded, arrays);
      const other = spread(normals("other", [8, ...event]), [5, 5, 5]);
      const before = run(layer, other, arrays, "train");
      const after = run(layer, other, loaded, "train");
      assert.deepEqual(after.y.data, before.y.data);
      assert.deepEqual(after.updates, {});
    });
  });
}

describe("ActNorm", () => {
  it("keeps scale 1 on channels that hold nothing but padding", () => {
    const scope = new Scope();
    const layer = new ActNorm(scope, [4, 2, 2]);
    const x = spread(normals("x", [16, 4, 2, 2]), [2, 0, 3, 1e-6]);
    const { y, logDet, updates } = run(layer, x, fresh(scope), "initialise");
    assert.ok([...Array.from(y.data), ...Array.from(logDet.data)].every(Number.isFinite));
    assertClose([updates.logScale!.data[1]!, updates.logScale!.data[3]!], [0, 0], 0, "log scale");
    assert.deepEqual(new Set(ofChannel(y, 1)), new Set([0]));
  });

  it("takes data of any unit, and leaves a constant as it is", async () => {
    await using engine = await nodeEngine({ threads: 1 });
    for (const unit of [1e-6, 1, 1e6]) {
      const scope = new Scope();
      const layer = new ActNorm(scope, [4]);
      const x = spread(normals("x", [64, 4]), [unit, 0, 3 * unit, 0]);
      const data = Float32Array.from(x.data, (value, i) => (i % 4 === 3 ? 0.3 * unit : value));
      const ctx = new Context({ phase: "initialise" });
      const { value } = layer.forward(input("x", x.shape), ctx);
      const feeds = { ...fresh(scope), x: { shape: x.shape, data } };
      for (const place of [undefined, engine]) {
        const found = await runIn(place, { y: value, ...ctx.updates }, feeds);
        for (const channel of [0, 2]) {
          assertClose([variance(ofChannel(found.y!, channel))], [1], 1e-5, `variance at ${unit}`);
        }
        const logScale = Array.from(found.logScale!.data);
        assertClose([logScale[1]!, logScale[3]!], [0, 0], 0, `log scale at ${unit}`);
      }
    }
  });

  it("starts as the identity", () => {
    const scope = new Scope();
    const x = normals("x", [2, 5]);
    const { y, logDet } = run(new ActNorm(scope, [5]), x, fresh(scope), "train");
    assert.deepEqual(y.data, x.data);
    assert.deepEqual(Array.from(logDet.data), [0, 0]);
  });
});
