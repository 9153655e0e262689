import assert from "node:assert/strict";
import { it } from "node:test";
import type { Check } from "../../src/bijections/index.js";
import { input } from "../../src/graph/index.js";
import { Checks, unconverged } from "../../src/runner/checks.js";
import { ndarray } from "../../src/tree.js";

it("each check of a block that is passed twice counts", () => {
  const check: Check = {
    where: "blocks.0",
    residual: input("residual", [2]),
    tolerance: 1e-5,
    remedy: "none",
  };
  const checks = new Checks();
  const names = Object.keys(checks.outputs([check, check]));
  const residuals = [
    [0, 1],
    [0, 0],
  ];
  const results = names.map((name, i) => [name, ndarray(residuals[i]!, [2])] as const);
  const measured = checks.measured(Object.fromEntries(results), {});
  assert.deepEqual(
    measured.map(({ where, residual }) => [where, residual]),
    [
      ["blocks.0", 1],
      ["blocks.0", 0],
    ],
  );
  assert.deepEqual(unconverged(measured), [1]);
});
