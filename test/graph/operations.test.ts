import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { evaluate } from "../../src/engine/reference.js";
import { graph } from "../../src/index.js";
import * as internal from "../../src/graph/index.js";

describe("graph, as the library exports it", () => {
  it("has every operation, and none of the package's own tools", () => {
    const own = [
      "asTensor",
      "binary",
      "broadcastShape",
      "cutAtMeans",
      "inputShapes",
      "largestSquare",
      "makeNode",
      "recordFactor",
      "simplify",
      "stall",
      "sumName",
      "topologicalOrder",
      "unary",
    ];
    assert.deepEqual([...Object.keys(graph), ...own].sort(), Object.keys(internal).sort());
  });

  it("is enough to write an activation with", () => {
    const { input, mul, select, sigmoid } = graph;
    const x = input("x", [4]);
    const gated = select(x, mul(x, sigmoid(x)), 0);
    const { y } = evaluate({ y: gated }, { x: { data: [-1, 0, 1, NaN] } });
    assert.deepEqual([...y.data], [0, 0, 1 / (1 + Math.exp(-1)), 0]);
  });
});
