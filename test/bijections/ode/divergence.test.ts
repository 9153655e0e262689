import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gradients } from "../../../src/autodiff/vjp.js";
import { ContinuousFlow, exact } from "../../../src/bijections/index.js";
import { exactDivergence, type Field } from "../../../src/bijections/ode/divergence.js";
import { evaluate } from "../../../src/engine/reference.js";
import { UsageError } from "../../../src/errors.js";
import { input, matmul, sumAll, tanh } from "../../../src/graph/index.js";
import { Context } from "../../../src/nn/index.js";
import { jacobian } from "../../support/derivatives.js";
import { assertClose, events, normals } from "../../support/values.js";

describe("exact divergence above 128 elements", () => {
  for (const d of [130, 192]) {
    it(`is the trace of the Jacobian in ${d} dimensions`, () => {
      const weight = input("weight", [d, d]);
      const f: Field = (z) => tanh(matmul(z, weight));
      const feeds = { weight: normals("weight", [d, d], 0.3) };
      const z = normals("z", [3, d]);
      const rates = evaluate({ ...exactDivergence(f, input("z", z.shape)) }, { ...feeds, z });
      const traces = [0, 1, 2].map((i) =>
        jacobian((at) => f(at, (t) => t), events(z, i, i + 1), feeds).trace(),
      );
      assertClose(rates.divergence.data, traces, 1e-12, "divergence");
      const velocity = evaluate({ v: f(input("z", z.shape), (t) => t) }, { ...feeds, z });
      assertClose(rates.velocity.data, velocity.v.data, 0, "velocity");
    });
  }

  it("is solved along a flow: tr A for dz/dt = Az; its gradient is refused in words", () => {
    const d = 150;
    const weight = input("weight", [d, d]);
    const dynamics = {
      parameters: [weight],
      condition: 0,
      velocity: (z: Parameters<Field>[0]) => matmul(z, weight),
    };
    const flow = new ContinuousFlow("flow", [d], dynamics, { tolerance: 1e-3, steps: 50 });
    const { logDet } = flow.forward(
      input("x", [2, d]),
      new Context({ phase: "infer", logDet: exact }),
    );
    const feeds = { weight: normals("weight", [d, d], 0.05), x: normals("x", [2, d]) };
    const trace = Array.from({ length: d }, (_, i) => feeds.weight.data[i * (d + 1)]!);
    const expected = trace.reduce((total, value) => total + value, 0);
    const found = evaluate({ logDet }, feeds).logDet.data;
    assertClose(found, [expected, expected], 1e-12, "log-determinant");
    assert.throws(
      () => gradients(sumAll(logDet), [weight]),
      (error) => error instanceof UsageError && error.message.includes("above 128 elements"),
    );
  });
});
