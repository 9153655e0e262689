import { conv2d, matmul, reshape, type Tensor } from "../graph/index.js";

/** A matrix `[n, n]` times the n channels of each pixel, or the n features of each vector. */
export function timesChannels(matrix: Tensor, x: Tensor): Tensor {
  return x.shape.length === 2
    ? matmul(x, matrix, { transposeB: true })
    : conv2d(x, reshape(matrix, [...matrix.shape, 1, 1]));
}
