import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { evaluate } from "../../src/engine/reference.js";
import { conv2d, conv2dInputGrad, input } from "../../src/graph/index.js";
import { filterMap, settleNorm } from "../../src/pytorch/operator-norm.js";
import { assertClose, normals } from "../support/values.js";

describe("filterMap", () => {
  for (const [height, width] of [
    [4, 5],
    [1, 2],
    [2, 1],
  ] as const) {
    it(`convolves as a graph does, and back, at ${height} x ${width}`, () => {
      const weight = normals("weight", [3, 2, 3, 3]);
      const map = filterMap(Float64Array.from(weight.data), {
        inChannels: 2,
        outChannels: 3,
        kernel: 3,
        height,
        width,
      });
      const v = normals("v", [1, 2, height, width]);
      const u = normals("u", [1, 3, height, width]);
      const w = input("weight", weight.shape);
      const { there, back } = evaluate(
        { there: conv2d(input("v", v.shape), w), back: conv2dInputGrad(input("u", u.shape), w) },
        { weight, v, u },
      );
      assertClose(map.apply(Float64Array.from(v.data)), there.data, 1e-12, "forth");
      assertClose(map.adjoint(Float64Array.from(u.data)), back.data, 1e-12, "back");
    });
  }
});

describe("settleNorm", () => {
  const diagonal = filterMap(Float64Array.of(0.3, 0, 0, 2), {
    inChannels: 2,
    outChannels: 2,
    kernel: 1,
    height: 7,
    width: 7,
  });

  it("finds the largest singular value from vectors that follow another", () => {
    const { sigma, u, v } = settleNorm(diagonal, Float64Array.of(1, 0));
    assertClose([sigma, Math.abs(u[1]!), Math.abs(v[1]!)], [2, 1, 1], 1e-9, "norm");
  });

  it("finds that of a filter, as many power iterations do", () => {
    for (const [inChannels, outChannels] of [
      [2, 5],
      [5, 2],
    ] as const) {
      const weight = Float64Array.from(normals("filter", [outChannels, inChannels, 3, 3]).data);
      const map = filterMap(weight, { inChannels, outChannels, kernel: 3, height: 5, width: 6 });
      let v = new Float64Array(map.inSize).fill(1);
      let norm = 0;
      for (let i = 0; i < 30_000; i++) {
        const next = map.adjoint(map.apply(v));
        norm = Math.hypot(...next);
        v = Float64Array.from(next, (x) => x / norm);
      }
      const settled = settleNorm(map);
      assertClose([settled.sigma], [Math.sqrt(norm)], 1e-6, "norm");
      const image = Float64Array.from(settled.u, (x) => x * settled.sigma);
      assertClose(map.apply(settled.v), image, 1e-9, "Wv = σu");
      assertClose([Math.hypot(...settled.v)], [1], 1e-12, "|v|");
    }
  });

  it("leaves zeros be", () => {
    const zeros = filterMap(new Float64Array(4), {
      inChannels: 2,
      outChannels: 2,
      kernel: 1,
      height: 1,
      width: 1,
    });
    const { sigma, u } = settleNorm(zeros);
    assert.equal(sigma, 0);
    assertClose(u, [Math.SQRT1_2, Math.SQRT1_2], 1e-12, "u");
  });
});
