import { expectOptions } from "../border/options.js";
import { ShapeError } from "../errors.js";
import { axisSize } from "./structure.js";
import { expectRank, makeNode, type Tensor } from "./tensor.js";

export interface MatmulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/**
 * The product of two matrices, either one transposed first.
 * @throws {ShapeError} if they aren't matrices or their inner sizes differ.
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  expectOptions(options, ["transposeA", "transposeB"], "matmul");
  const { transposeA = false, transposeB = false } = options;
  expectRank(a, 2, "matmul: a");
  expectRank(b, 2, "matmul: b");
  const inner = axisSize(a, transposeA ? 0 : 1);
  if (inner !== axisSize(b, transposeB ? 1 : 0)) {
    throw new ShapeError(
      `matmul: expected equal inner sizes, got [${a.shape}]${transposeA ? "ᵀ" : ""} and [${b.shape}]${transposeB ? "ᵀ" : ""}`,
    );
  }
  const shape = [axisSize(a, transposeA ? 1 : 0), axisSize(b, transposeB ? 0 : 1)];
  return makeNode("matmul", [a, b], { transposeA, transposeB }, shape);
}
