import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { makeCase, makeStep, twinArrays, type CaseOptions } from "../../bench/cases.js";
import { largestError, makeInverse, toPixels } from "../../bench/inverse.js";
import { findPython, peerScript } from "../../bench/python.js";
import { Twin } from "../../bench/twin.js";
import { nodeEngine } from "../../src/engine/node.js";
import type { Arrays } from "../../src/tree.js";

const python = findPython("torch", "numpy");
const small = { batch: 4, blocks: [2, 2], width: 8, size: 8 };
const cases: readonly (readonly [string, CaseOptions])[] = [
  ["classifier", small],
  ["density", { ...small, gradient: "series" }],
  ["density", { ...small, gradient: "neumann" }],
];

/** Loss and gradients of one step, ours and the twin's. */
async function both(
  name: string,
  options: CaseOptions,
): Promise<{ ours: Arrays; peers: Arrays; lossOffset: number }> {
  const engine = await nodeEngine({ threads: 1 });
  const test = makeCase(name, options);
  const step = await makeStep(engine, test, { withGradients: true });
  const twin = await Twin.start(python!, { ...test, arrays: twinArrays(test, step) }, 1);
  try {
    const ours = await step.compiled.run(step.prepared, step.store);
    return { ours, peers: await twin.gradients(), lossOffset: test.lossOffset };
  } finally {
    twin.stop();
    await engine.close();
  }
}

describe("the PyTorch twin computes what we compute", { skip: !python && "no torch here" }, () => {
  it("computes what its own float64 differences and SVDs say", () => {
    execFileSync(python!, ["-B", peerScript("selfcheck.py")], { stdio: "pipe" });
  });

  it("inverse", async () => {
    const engine = await nodeEngine({ threads: 1 });
    const { runner, x, z, twin: twinCase } = await makeInverse(engine, small);
    const twin = await Twin.start(python!, twinCase, 1);
    try {
      const theirs = toPixels((await twin.inverse()).x);
      const ours = await runner.inverse(z);
      assert.ok(largestError(x, ours) < 1e-5, `ours: ${largestError(x, ours)}`);
      assert.ok(largestError(ours, theirs) < 2e-5, `apart: ${largestError(ours, theirs)}`);
    } finally {
      twin.stop();
      await engine.close();
    }
  });

  for (const [name, options] of cases) {
    it(`${name} ${options.gradient ?? ""}`, async () => {
      const { ours, peers, lossOffset } = await both(name, options);
      const peerLoss = peers.loss!.data[0]! + lossOffset;
      assert.ok(Math.abs(ours.loss!.data[0]! - peerLoss) <= 1e-5 * Math.abs(peerLoss));
      const names = Object.keys(ours).filter((key) => key !== "loss");
      assert.ok(names.length > 20);
      // Biases before a batch norm have gradient zero: there only rounding is left to compare.
      const floor = 1e-6 * Math.hypot(...names.flatMap((key) => [...peers[key]!.data]));
      for (const key of names) {
        const [mine, theirs] = [ours[key]!.data, peers[key]!.data];
        assert.equal(mine.length, theirs.length, key);
        const difference = Math.hypot(...mine.map((value, i) => value - theirs[i]!));
        const size = Math.hypot(...theirs);
        assert.ok(difference <= 1e-3 * size + floor, `${key}: off by ${difference} of ${size}`);
      }
    });
  }
});
