import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ContinuousFlow, exact, solve } from "../../../src/bijections/index.js";
import { evaluate } from "../../../src/engine/reference.js";
import { add, concat, input, log, mul, slice, sub, type Tensor } from "../../../src/graph/index.js";
import { Context, odeNet, Scope } from "../../../src/nn/index.js";
import { settledFeeds } from "../../support/modules.js";
import { assertSameRows, runIn, withRows } from "../../support/rows.js";
import { assertClose, events, normals, type Values } from "../../support/values.js";
import { testEngine } from "../../support/engine.js";

const spiral = (y: Tensor): Tensor => {
  const [a, b] = [slice(y, 1, 0, 1), slice(y, 1, 1, 2)];
  return concat([sub(mul(a, -0.5), mul(b, 3)), sub(mul(a, 3), mul(b, 0.5))], 1);
};

const options = { from: 0, to: 2, tolerance: 1e-6, steps: 200, controlled: [2] };

describe("the rows of a solve", () => {
  it("take steps of their own: each ends where it ends alone", () => {
    const rates = input("rates", [3, 1]);
    const start = input("y", [3, 2]);
    const all = { y: normals("y", [3, 2]), rates: { shape: [3, 1], data: [0.1, 1, 12] } };
    const together = evaluate({ ...solve(start, (y) => mul(spiral(y), rates), options) }, all);
    const counts = [0, 1, 2].map((row) => {
      const alone = evaluate(
        {
          ...solve(input("y", [1, 2]), (y) => mul(spiral(y), input("rates", [1, 1])), options),
        },
        { y: events(all.y, row, row + 1), rates: events(all.rates, row, row + 1) },
      );
      assert.deepEqual(alone.y.data, events(together.y, row, row + 1).data);
      assert.equal(together.left.data[row], 0);
      return alone.evaluations.data[0]!;
    });
    assert.ok(counts[0]! < counts[1]! && counts[1]! < counts[2]!, `${counts}`);
    assert.equal(together.evaluations.data[0], counts[2]);
  });

  it("stop by themselves: at a singularity, or out of steps, with the time they have left", () => {
    // y' = y², y(0) = y₀: infinite at t = 1/y₀.
    const blowUp = (steps: number) =>
      evaluate(
        {
          ...solve(input("y", [3, 1]), (y) => mul(y, y), {
            ...options,
            steps,
            controlled: [1],
          }),
        },
        { y: { data: [0.1, 1, 0.4] } },
      );
    const { y, left } = blowUp(1000);
    assertClose([y.data[0]!, y.data[2]!], [0.1 / 0.8, 0.4 / 0.2], 1e-4, "y");
    assert.deepEqual([left.data[0], left.data[2]], [0, 0]);
    assert.ok(Math.abs(left.data[1]! - 0.5) < 1e-3, `${left.data[1]}`);
    const few = blowUp(8);
    assert.equal(few.left.data[0], 0);
    assert.ok(few.left.data[2]! > 0);
  });

  it("step back where a stage isn't a number, and go on", () => {
    // It begins so still that a step of the whole time is tried, whose stages fall below 0.
    const stiff = (y: Tensor): Tensor => mul(add(log(y), 1e-4), -30);
    const { y, left } = evaluate(
      { ...solve(input("y", [1, 1]), stiff, { ...options, controlled: [1], tolerance: 1e-3 }) },
      { y: { data: [1] } },
    );
    assert.equal(left.data[0], 0);
    assertClose(y.data, [Math.exp(-1e-4)], 1e-3, "y");
  });
});

for (const name of ["the reference", "ONNX Runtime"] as const) {
  describe(`a continuous flow of a batch with rows that aren't finite, in ${name}`, async () => {
    const engine = await testEngine();

    it("gives the other rows to the last bit what they have without", async () => {
      const scope = new Scope();
      const dynamics = odeNet(scope, [2], { widths: [8], activation: "tanh", condition: 0 });
      const flow = new ContinuousFlow("flow", [2], dynamics, { tolerance: 1e-5, steps: 60 });
      const feeds = settledFeeds(scope, { gain: 1.5 });
      const ctx = new Context({ phase: "infer", logDet: exact });
      const there = flow.forward(input("x", [6, 2]), ctx);
      const back = flow.inverse(input("x", [6, 2]), ctx);
      const outputs = {
        y: there.value,
        logDet: there.logDet,
        left: there.checks[0]!.residual,
        x: back.value,
        leftBack: back.checks[0]!.residual,
      };
      const run = (x: Values) =>
        runIn(name === "ONNX Runtime" ? engine : undefined, outputs, { ...feeds, x });
      const x = normals("x", [6, 2]);
      const usual = await run(x);
      const mixed = await run(withRows(x, { 1: NaN, 3: 1e30, 4: Infinity }));
      assertSameRows(mixed, usual, [0, 2, 5]);
      for (const row of [0, 2, 5]) assert.equal(mixed.left!.data[row], 0);
      for (const row of [1, 4]) {
        assert.ok(mixed.left!.data[row]! > 0 && mixed.leftBack!.data[row]! > 0, `row ${row}`);
        assert.ok(Number.isNaN(mixed.logDet!.data[row]));
      }
    });
  });
}
