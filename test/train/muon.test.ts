import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Matrix, SingularValueDecomposition } from "ml-matrix";
import { toyData } from "../../src/data/index.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { evaluate } from "../../src/engine/reference.js";
import { input } from "../../src/graph/index.js";
import { iResNetDensity } from "../../src/models/index.js";
import { orthogonalised } from "../../src/train/muon.js";
import { createOptimizer } from "../../src/train/optimizer-registry.js";
import { optimizerConfig } from "../../src/train/optimizers.js";
import { Packing } from "../../src/train/packing.js";
import { fit } from "../../src/train/index.js";
import { sizeOf, type Shape } from "../../src/tree.js";
import { matrixOf } from "../support/matrices.js";
import { assertClose, normals, type Values } from "../support/values.js";

function orthogonalise(x: Values, iterations: number): Float64Array {
  const y = orthogonalised(input("x", x.shape), iterations);
  assert.deepEqual(y.shape, x.shape);
  return evaluate({ y }, { x }).y.data;
}

const asMatrix = ({ shape, data }: Values): Matrix => matrixOf(data, sizeOf(shape.slice(1)));

/** The same by way of singular values: the polynomial of each, between the singular vectors. */
function expected(x: Values, iterations: number): Matrix {
  const matrix = asMatrix(x);
  const svd = new SingularValueDecomposition(matrix, { autoTranspose: true });
  const length = Math.hypot(...svd.diagonal);
  const values = svd.diagonal.map((sigma) => {
    let s = sigma / length;
    for (let i = 0; i < iterations; i++) s = 3.4445 * s - 4.775 * s ** 3 + 2.0315 * s ** 5;
    return s;
  });
  const scale = Math.sqrt(Math.max(1, matrix.rows / matrix.columns));
  return svd.leftSingularVectors
    .mmul(Matrix.diag(values))
    .mmul(svd.rightSingularVectors.transpose())
    .mul(scale);
}

const shapes: readonly Shape[] = [
  [4, 9],
  [9, 4],
  [5, 5],
  [1, 6],
  [6, 1],
  [8, 3, 3, 3],
  [40, 2, 3, 3],
];

describe("orthogonalised", () => {
  for (const shape of shapes) {
    const x = normals(`muon ${shape}`, shape, 1e-3);

    for (const iterations of [1, 3, 5]) {
      it(`takes the polynomial of each singular value: [${shape}], ${iterations} steps`, () => {
        const found = orthogonalise(x, iterations);
        assertClose(found, expected(x, iterations).to1DArray(), 1e-12, "update");
      });
    }

    it(`leaves singular values near 1, or their scale: [${shape}]`, () => {
      const matrix = matrixOf(orthogonalise(x, 5), sizeOf(shape.slice(1)));
      const scale = Math.sqrt(Math.max(1, matrix.rows / matrix.columns));
      const { diagonal } = new SingularValueDecomposition(matrix, { autoTranspose: true });
      assert.ok(Math.max(...diagonal) < 1.21 * scale, `${diagonal}`);
      assert.ok(Math.min(...diagonal) > 0.68 * scale, `${diagonal}`);
    });
  }

  it("doesn't depend on the length, and keeps zeros", () => {
    const x = normals("length", [3, 5]);
    const short = { shape: x.shape, data: Float64Array.from(x.data, (v) => v * 1e-9) };
    assertClose(orthogonalise(short, 5), orthogonalise(x, 5), 1e-12, "update");
    const zeros = { shape: [2, 3], data: new Float64Array(6) };
    assert.deepEqual([...orthogonalise(zeros, 5)], [0, 0, 0, 0, 0, 0]);
  });
});

describe("muon", () => {
  for (const nesterov of [false, true]) {
    it(`updates each matrix of a packed array by itself: Nesterov ${nesterov}`, () => {
      const parts = [
        { name: "a", shape: [3, 4] },
        { name: "b", shape: [2, 2, 3, 3] },
      ];
      const packing = new Packing(parts);
      const [momentum, weightDecay, rate] = [0.7, 0.1, 0.05];
      const config = optimizerConfig.parse({ kind: "muon", momentum, nesterov, weightDecay });
      const { matrices } = createOptimizer(config);
      assert.deepEqual(matrices?.slots, ["momentum"]);
      const packed = (name: string) => input(name, [packing.size]);
      const at = { rate: input("rate", []), step: input("step", []), decay: true, packing };
      const traced = matrices.apply(packed("p"), packed("g"), { momentum: packed("m") }, at);

      let p: Values = normals("p", [packing.size]);
      let m: Values = { shape: p.shape, data: new Float64Array(packing.size) };
      const plain = { p: Float64Array.from(p.data), m: new Float64Array(packing.size) };
      for (let step = 1; step <= 3; step++) {
        const g = normals(`g ${step}`, p.shape);
        const outputs = { value: traced.value, momentum: traced.slots.momentum! };
        const feeds = { p, g, m, rate: { data: [rate] }, step: { data: [step] } };
        const { value, momentum: next } = evaluate(outputs, feeds);
        [p, m] = [value, next];

        let start = 0;
        for (const { shape } of parts) {
          const place = Array.from({ length: sizeOf(shape) }, (_, i) => start + i);
          for (const i of place) plain.m[i] = momentum * plain.m[i]! + g.data[i]!;
          const ahead = place.map((i) =>
            nesterov ? g.data[i]! + momentum * plain.m[i]! : plain.m[i]!,
          );
          const update = expected({ shape, data: ahead }, 5).to1DArray();
          place.forEach((at, i) => {
            plain.p[at] = plain.p[at]! - rate * (update[i]! + weightDecay * plain.p[at]!);
          });
          start += place.length;
        }
        assertClose(p.data, plain.p, 1e-12, `p after ${step}`);
        assertClose(m.data, plain.m, 1e-12, `m after ${step}`);
      }
    });
  }

  it("leaves what is no matrix to the rest, at its own rate, with its own slots", async () => {
    const model = iResNetDensity({ shape: [2], blocks: [1], widths: [4] });
    const source = toyData("moons");
    const train = (rest: "adam" | "sgd", restRate: number) =>
      fit(
        model,
        source,
        {
          steps: 1,
          batchSize: 8,
          initialExamples: 8,
          optimizer: { kind: "muon", rest: { kind: rest }, restRate },
          schedule: { kind: "constant", learningRate: 0.01 },
        },
        { engine: referenceEngine() },
      );
    const { arrays } = await train("adam", 0.1);
    const slotsOf = (kept: object, name: string): string[] =>
      Object.keys(kept).filter((key) => key.startsWith("optimizer.") && key.endsWith(`.${name}`));
    for (const { name, kind, isMatrix } of model.scope.variables) {
      if (kind === "state") continue;
      assert.equal(isMatrix, name.endsWith(".weight"), name);
      const expectedSlots = isMatrix ? ["momentum"] : ["mean", "square"];
      assert.deepEqual(
        slotsOf(arrays, name),
        expectedSlots.map((slot) => `optimizer.${slot}.${name}`),
      );
    }
    const bias = "stages.0.blocks.0.branch.linear1.bias";
    const slow = await train("sgd", 0.1);
    const fast = await train("sgd", 0.2);
    const still = await train("sgd", 1e-30);
    assert.deepEqual(slotsOf(slow.arrays, bias), [`optimizer.velocity.${bias}`]);
    const moved = (run: typeof slow): number[] =>
      Array.from(run.arrays[bias]!.data, (x, i) => x - still.arrays[bias]!.data[i]!);
    assertClose(
      moved(fast),
      moved(slow).map((x) => 2 * x),
      1e-6,
      "bias",
    );
    assert.ok(moved(slow).some((x) => Math.abs(x) > 1e-5));
  });
});
