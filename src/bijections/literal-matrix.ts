import { literal, type Tensor } from "../graph/index.js";

/** A constant n x n matrix of 1 where `isOne` and 0 elsewhere. */
export function literalMatrix(n: number, isOne: (row: number, column: number) => boolean): Tensor {
  const data = Array.from({ length: n * n }, (_, k) => Number(isOne(Math.floor(k / n), k % n)));
  return literal(data, [n, n]);
}

/** The unit matrix of n rows. */
export const identity = (n: number): Tensor => literalMatrix(n, (i, j) => i === j);
