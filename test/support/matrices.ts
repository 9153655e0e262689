import { LuDecomposition, Matrix, SingularValueDecomposition } from "ml-matrix";
import type { Values } from "./values.js";

/** The numbers as a matrix with the given number of columns. */
export function matrixOf(data: ArrayLike<number>, columns: number): Matrix {
  return Matrix.from1DArray(data.length / columns, columns, Array.from(data));
}

/** ln|det A|, by LU. */
export function logAbsDet(matrix: Matrix): number {
  const pivots = new LuDecomposition(matrix).upperTriangularMatrix.diagonal();
  return pivots.reduce((total, pivot) => total + Math.log(Math.abs(pivot)), 0);
}

/** ½ ln det AᵀA, the factor by which an injective linear map scales volume. */
export function logVolume(matrix: Matrix): number {
  return matrix.isSquare() ? logAbsDet(matrix) : logAbsDet(matrix.transpose().mmul(matrix)) / 2;
}

/** |A|₂, the largest singular value. */
export function spectralNorm(matrix: Matrix): number {
  return new SingularValueDecomposition(matrix, { autoTranspose: true }).norm2;
}

/** Σₖ₌₁ⁿ (−1)ᵏ⁺¹ tr(Jᵏ)/k. */
export function truncatedSeries(jacobian: Matrix, terms: number): number {
  let power = jacobian;
  let total = 0;
  for (let k = 1; k <= terms; k++) {
    total += ((k % 2 === 1 ? 1 : -1) * power.trace()) / k;
    power = power.mmul(jacobian);
  }
  return total;
}

/** The matrix of a zero-padded convolution of stride 1 on images of the given size. */
export function convMatrix(weight: Values, height: number, width: number): Matrix {
  const [outs, ins, kernel] = weight.shape as [number, number, number, number];
  const middle = (kernel - 1) / 2;
  const matrix = Matrix.zeros(outs * height * width, ins * height * width);
  const pixels = Array.from({ length: height * width }, (_, at) => ({
    at,
    row: Math.floor(at / width),
    column: at % width,
  }));
  for (let out = 0; out < outs; out++) {
    for (let channel = 0; channel < ins; channel++) {
      for (const to of pixels) {
        for (const from of pixels) {
          const [p, q] = [from.row - to.row + middle, from.column - to.column + middle];
          if (Math.min(p, q) < 0 || Math.max(p, q) >= kernel) continue;
          matrix.set(
            out * pixels.length + to.at,
            channel * pixels.length + from.at,
            weight.data[((out * ins + channel) * kernel + p) * kernel + q]!,
          );
        }
      }
    }
  }
  return matrix;
}
