import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { gradients } from "../../src/autodiff/vjp.js";
import type { Trace } from "../../src/engine/compile.js";
import type { Engine, Graph } from "../../src/engine/engine.js";
import { compileTeam, localTransports } from "../../src/engine/index.js";
import { nodeEngine } from "../../src/engine/node.js";
import { toProgram } from "../../src/engine/program.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import {
  add,
  allMean,
  conv2d,
  conv2dInputGrad,
  conv2dWeightGrad,
  div,
  input,
  mean,
  meanAll,
  mul,
  reshape,
  simplify,
  square,
  sub,
  sum,
  sumAll,
  tanh,
} from "../../src/graph/index.js";
import { toOnnx } from "../../src/onnx/index.js";
import { toomCook } from "../../src/onnx/toom-cook.js";
import { Random } from "../../src/random.js";
import { ndarray } from "../../src/tree.js";
import { assertAgree, type AgreeingGraph } from "./agreement.js";

describe("toomCook", () => {
  for (const [outputs, taps, points] of [
    [2, 3, [0, 1, -1]],
    [4, 3, [0, Math.SQRT1_2, -Math.SQRT1_2, Math.SQRT2, -Math.SQRT2]],
    [3, 5, [0, 1, -1, 2, -2, 0.5]],
  ] as const) {
    it(`correlates ${taps} taps to ${outputs} outputs`, () => {
      const { A, G, D } = toomCook(outputs, taps, points);
      const x = Array.from({ length: outputs + taps - 1 }, (_, i) => Math.sin(i * i + 1));
      const w = Array.from({ length: taps }, (_, j) => Math.cos(3 * j + 1));
      const times = (matrix: readonly (readonly number[])[], v: readonly number[]): number[] =>
        matrix.map((row) => row.reduce((total, m, i) => total + m * v[i]!, 0));
      const [wHat, xHat] = [times(G, w), times(D, x)];
      const y = times(
        A,
        wHat.map((v, k) => v * xHat[k]!),
      );
      y.forEach((value, i) => {
        const expected = w.reduce((total, v, j) => total + v * x[i + j]!, 0);
        assert.ok(Math.abs(value - expected) < 1e-12, `y[${i}]: ${value}, expected ${expected}`);
      });
    });
  }
});

type Sizes = readonly [number, number, number, number, number];

/** [B, C, O, H, W], some with tiles that reach beyond the image. */
const sizes = [
  [8, 64, 64, 8, 8],
  [9, 96, 48, 7, 5],
  [10, 61, 70, 3, 9],
  [8, 48, 128, 14, 1],
  [8, 256, 40, 4, 12],
] as const satisfies readonly Sizes[];

/** A convolution with bias, its gradients, a multiple of its filter, and single images. */
function convolutions([b, c, o, h, w]: Sizes): AgreeingGraph {
  const [x, v] = [input("x", [b, c, h, w]), input("v", [b, o, h, w])];
  const [one, back] = [input("one", [1, c, h, w]), input("back", [1, o, h, w])];
  const [filter, bias] = [input("filter", [o, c, 3, 3]), input("bias", [o])];
  const multiple = div(filter, input("divisor", []));
  const perChannel = reshape(bias, [1, o, 1, 1]);
  return {
    inputs: [x, v, one, back, filter, bias, multiple],
    outputs: simplify({
      y: add(conv2d(x, multiple), perChannel),
      dx: conv2dInputGrad(v, multiple),
      dFilter: conv2dWeightGrad(x, v, 3),
      yOfOne: conv2d(one, filter),
      dxOfOne: conv2dInputGrad(back, filter),
      dFilterOfOne: conv2dWeightGrad(one, back, 3),
    }),
  };
}

/** x + (3x3 ∘ tanh ∘ 1x1 ∘ tanh ∘ 3x3)(x·scale), with sums and gradients. */
function residualBlock([b, c, width, h, w]: Sizes): AgreeingGraph {
  const x = input("x", [b, c, h, w]);
  const scale = input("scale", [1, c, 1, 1]);
  const filters = [
    input("w1", [width, c, 3, 3]),
    input("w2", [width, width, 1, 1]),
    input("w3", [c, width, 3, 3]),
  ];
  const biases = filters.map(({ shape }, i) => input(`b${i + 1}`, [1, shape[0]!, 1, 1]));
  const scaled = mul(x, scale);
  const branch = filters.reduce((t, filter, i) => {
    const unit = mul(filter, 1 / Math.sqrt(filter.shape[1]! * filter.shape[2]! ** 2));
    return add(conv2d(i === 0 ? t : tanh(t), unit), biases[i]!);
  }, scaled);
  const y = add(scaled, branch);
  const trained = [x, scale, ...filters, ...biases];
  const inTrained = gradients(sumAll(square(y)), trained);
  return {
    inputs: trained,
    outputs: simplify({
      y,
      perPixel: sum(mul(branch, 2), [1]),
      perEvent: sum(y, [1, 2, 3]),
      perImageChannel: sum(y, [2, 3]),
      perChannel: sum(y, [0, 2, 3]),
      total: sum(y, [0, 1, 2, 3]),
      ...Object.fromEntries(inTrained.map((t, i) => [`gradient${i}`, t])),
    }),
  };
}

describe("convolutions of many channels", () => {
  const engines: Engine[] = [];
  before(async () => {
    engines.push(await nodeEngine({ threads: 1 }));
  });
  after(() => Promise.all(engines.map((engine) => engine.close())));

  // Sums of up to 2,304 products of order 1 are of order 100 where the largest are: errors are as
  // those of adding in float32, which is what they are compared with.
  for (const size of sizes) {
    it(`give what the reference gives for [B, C, O, H, W] = [${size}]`, () =>
      assertAgree(engines, convolutions(size), 5e-6));
  }

  // The second has so many pixels that the 1x1 filter's gradient is added up from parts.
  for (const size of [[8, 64, 72, 6, 8] as const, [8, 64, 64, 16, 16] as const]) {
    it(`keep a residual block's values and gradients for [B, C, width, H, W] = [${size}]`, () =>
      assertAgree(engines, residualBlock(size), 5e-6));
  }

  it("take Winograd's way where many channels are trained, and only there", () => {
    const textOf = (outputs: AgreeingGraph["outputs"]): string =>
      new TextDecoder("latin1").decode(toOnnx(outputs, { target: "blocked16" }).bytes);
    const text = (size: Sizes): string => textOf(convolutions(size).outputs);
    assert.match(text(sizes[0]), /FusedMatMul/);
    const { y, dx, yOfOne } = convolutions(sizes[0]).outputs;
    assert.doesNotMatch(textOf({ y: y!, dx: dx!, yOfOne: yOfOne! }), /FusedMatMul/);
    assert.doesNotMatch(text(sizes[0]), /nchwc/);
    assert.doesNotMatch(text([8, 16, 512, 8, 8]), /FusedMatMul/);
  });

  it("take it in the stages of a team's step as in the whole step", async () => {
    const filters = ["w1", "w2"].map((name) => input(name, [64, 64, 3, 3]));
    // Its mean over the team parts the convolutions from their gradients.
    const trace: Trace = ({ x }) => {
      const y = conv2d(tanh(conv2d(x!, filters[0]!)), filters[1]!);
      const centred = sub(y, allMean(mean(y, [0, 2, 3])));
      const loss = meanAll(square(square(centred)));
      const [g1, g2] = gradients(loss, filters);
      return { outputs: { loss: allMean(loss), g1: allMean(g1!), g2: allMean(g2!) } };
    };
    const products = async (size: number): Promise<number[]> => {
      const graphs: Graph[] = [];
      const engine = referenceEngine();
      const watched: Engine = {
        ...engine,
        load: (graph) => {
          graphs.push(graph);
          return engine.load(graph);
        },
      };
      const transport = localTransports(size)[0]!;
      const x = ndarray(new Float32Array(8 * 64 * 8 * 8), [8, 64, 8, 8]);
      const compiled = compileTeam([{ engine: watched, transport }], trace);
      await compiled.prepare([{ x }], Random.fromSeed(1)).loaded;
      // The field of a node's operator: its tag, its length, its name.
      return graphs.map((graph) => {
        const text = new TextDecoder("latin1").decode(
          toProgram(graph, { target: "blocked16" }).bytes,
        );
        return text.split("\x22\x0bFusedMatMul").length - 1;
      });
    };
    const total = (counts: readonly number[]): number => counts.reduce((all, n) => all + n, 0);
    const [whole, stages] = [await products(1), await products(2)];
    assert.deepEqual([whole.length, total(whole)], [1, 5]);
    assert.ok(stages.length > 1 && stages[0]! > 0, String(stages));
    assert.equal(total(stages), 5);
  });
});
