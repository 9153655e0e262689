import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { arrayData } from "../../src/data/index.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { evaluate } from "../../src/engine/reference.js";
import { input } from "../../src/graph/index.js";
import { classification } from "../../src/models/objectives.js";
import { iResNetClassifier } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { fit } from "../../src/train/index.js";
import { ndarray } from "../../src/tree.js";
import { assertGradients } from "../support/derivatives.js";
import { assertClose, normals } from "../support/values.js";

describe("classification", () => {
  const logits = normals("logits", [4, 3], 2);
  const truth = [2, 0, 1, 1];
  const y = { shape: [4, 3], data: truth.flatMap((t) => [0, 1, 2].map((k) => Number(k === t))) };
  const feeds = { logits, y };
  const row = (b: number): number[] => Array.from(logits.data).slice(3 * b, 3 * b + 3);

  for (const labelSmoothing of [0, 0.2, 0.9]) {
    it(`is the cross-entropy with labels smoothed by ${labelSmoothing}`, () => {
      const x = input("logits", [4, 3]);
      const { loss, metrics } = classification(x, input("y", [4, 3]), { labelSmoothing });
      const found = evaluate<string>({ loss, ...metrics }, feeds);
      const entropies = truth.map((t, b) => {
        const total = row(b).reduce((sum, l) => sum + Math.exp(l), 0);
        return row(b).reduce((sum, l, k) => {
          const q = (k === t ? 1 - labelSmoothing : 0) + labelSmoothing / 3;
          return sum - q * Math.log(Math.exp(l) / total);
        }, 0);
      });
      assertClose(found.loss!.data, [entropies.reduce((a, b) => a + b) / 4], 1e-14, "loss");
      const wrong = truth.filter((t, b) => row(b)[t]! < Math.max(...row(b))).length;
      assertClose(found["error (%)"]!.data, [25 * wrong], 1e-12, "error");
      assertGradients(loss, { logits: x }, feeds);
    });
  }

  it("smooths labels where training says so", async () => {
    const model = iResNetClassifier({
      shape: [2],
      classes: 2,
      blocks: [1],
      widths: [4],
      squeezeFirst: false,
      channels: 2,
      centre: { mean: 0, deviation: 1 },
    });
    const random = Random.fromSeed(2);
    const x = ndarray(random.normal(32), [16, 2]);
    const labels = Array.from({ length: 16 }, (_, i) => (x.data[2 * i]! > 0 ? 1 : 0));
    const data = arrayData({ x, labels, validation: 0 });
    const lossWith = async (labelSmoothing: number): Promise<number> => {
      let last = NaN;
      const training = {
        steps: 60,
        batchSize: 16,
        schedule: { kind: "constant", learningRate: 0.1 },
        labelSmoothing,
      } as const;
      const onProgress = ({ loss }: { loss: number }): void => void (last = loss);
      await fit(model, data, training, { engine: referenceEngine(), onProgress });
      return last;
    };
    // Separable: sharp labels let the loss fall to 0, smoothed ones no further than their entropy.
    const least = -(0.8 * Math.log(0.8) + 0.2 * Math.log(0.2));
    assert.ok((await lossWith(0)) < 0.2);
    const smoothed = await lossWith(0.4);
    assert.ok(smoothed >= least && smoothed < least + 0.1, `${smoothed}, ${least}`);
  });
});
