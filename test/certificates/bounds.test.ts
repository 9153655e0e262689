import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { certifiedBounds, weightsInUse } from "../../src/certificates/index.js";
import { evaluate } from "../../src/engine/reference.js";
import { ShapeError, UsageError } from "../../src/errors.js";
import { concatenatedBranch, LipschitzConv2d, LipschitzLinear, Scope } from "../../src/nn/index.js";
import { ndarray } from "../../src/tree.js";
import { convMatrix, matrixOf, spectralNorm } from "../support/matrices.js";
import { settledFeeds } from "../support/modules.js";

const scope = new Scope();
new LipschitzLinear(scope.child("dense"), 6, 9, 0.8);
new LipschitzConv2d(
  scope.child("conv"),
  { inChannels: 2, outChannels: 3, kernel: 3, height: 4, width: 5 },
  0.9,
);
new LipschitzConv2d(
  scope.child("pointwise"),
  { inChannels: 3, outChannels: 2, kernel: 1, height: 4, width: 5 },
  undefined,
);
const blocks = [
  { path: "first", norms: ["dense"] },
  { path: "second", norms: ["conv", "pointwise"] },
];
const model = { scope, blocks };
const feeds = settledFeeds(scope);

describe("certifiedBounds", () => {
  it("proves the norms of the weights in use, and bounds each block by their product", async () => {
    const weights = evaluate(weightsInUse(model), feeds);
    const progress: string[] = [];
    const { norms, lipschitz } = await certifiedBounds(model, weights, {
      onProgress: (done, total) => void progress.push(`${done}/${total}`),
    });
    const right: Readonly<Record<string, number>> = {
      dense: spectralNorm(matrixOf(weights.dense!.data, 6)),
      conv: spectralNorm(convMatrix(weights.conv!, 4, 5)),
      pointwise: spectralNorm(matrixOf(feeds["pointwise.weight"]!.data, 3)),
    };
    assert.deepEqual(Object.keys(norms), Object.keys(right));
    for (const [path, norm] of Object.entries(right)) {
      const { bound } = norms[path]!;
      assert.ok(bound >= norm * (1 - 1e-13) && bound <= norm * (1 + 3e-6), `${path}: ${bound}`);
    }
    assert.ok(lipschitz.first! >= norms.dense!.bound);
    assert.ok(lipschitz.first! <= norms.dense!.bound * (1 + 1e-12));
    assert.ok(lipschitz.second! >= right.conv! * right.pointwise!);
    assert.ok(lipschitz.second! <= right.conv! * right.pointwise! * (1 + 1e-5));
    assert.deepEqual(progress, ["0/3", "1/3", "2/3", "3/3"]);
  });

  it("counts what the inner norms of a concatenation have above 1", async () => {
    const inner = new Scope();
    const options = { activation: "elu", c: 0.9, activateInput: false } as const;
    const branch = concatenatedBranch(inner, [2], { depth: 1, growth: 2 }, options);
    const block = {
      path: "block",
      norms: branch.norms.map(({ path }) => path),
      inner: branch.inner!.map(({ path }) => path),
    };
    const weights = {
      layer1: ndarray([100, 0, 0, 100], [2, 2]),
      last: ndarray([0.5, 0, 0, 0, 0, 0.5, 0, 0], [2, 4]),
    };
    const { lipschitz } = await certifiedBounds({ scope: inner, blocks: [block] }, weights);
    assert.ok(Math.abs(lipschitz.block! / 50 - 1) < 1e-5, String(lipschitz.block));
  });

  it("says which weight is missing, and which option it doesn't know", async () => {
    const { dense, conv } = evaluate(weightsInUse(model), feeds);
    await assert.rejects(
      certifiedBounds(model, { dense: dense!, conv: conv! }),
      (error) => error instanceof ShapeError && error.details.name === "pointwise",
    );
    await assert.rejects(
      certifiedBounds(model, {}, { product: 1 } as object),
      (error) => error instanceof UsageError && error.details.name === "product",
    );
  });
});
