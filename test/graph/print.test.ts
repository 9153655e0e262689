import assert from "node:assert/strict";
import { it } from "node:test";
import { add, elu, fixedPoint, input, matmul, mul, print } from "../../src/graph/index.js";

it("prints a graph one node a line", () => {
  const x = input("x", [2, 3]);
  const w = input("w", [4, 3]);
  const y = elu(add(matmul(x, w, { transposeB: true }), 1), 1);
  assert.equal(
    print({ y }),
    [
      '%2 [2, 4] = matmul(x, w) {"transposeA":false,"transposeB":true}',
      "%4 [2, 4] = add(%2, 1)",
      '%5 [2, 4] = elu(%4) {"order":1}',
      "y = %5",
    ].join("\n"),
  );
});

it("prints the body of a fixed point", () => {
  const x = input("x", [2]);
  const { value: z } = fixedPoint(x, (at) => mul(at, x), { steps: 5, tolerance: 0 });
  assert.match(print({ z }), /fixedPoint\(x, 5, %\d, x\) \{\n\(fixedPoint\.x, .*\) =>\n.*= mul\(/s);
});
