import { BandMatrix } from "./band-matrix.js";
import { gamma, roundedUp } from "./rounding.js";

/** AAᵀ as computed, and what it may be off by. */
export interface Gram {
  readonly matrix: BandMatrix;
  /** Bound on the norm of its error: γₙ·tr AAᵀ for sums of n products. */
  readonly error: number;
}

/** AAᵀ of a matrix of `rows` rows in row-major order. */
export function gramOf(a: Float64Array, rows: number): Gram {
  const columns = a.length / rows;
  const matrix = new BandMatrix(rows, rows - 1);
  const { data } = matrix;
  for (let i = 0; i < rows; i++) {
    const ai = i * columns;
    const to = matrix.row(i);
    let j = 0;
    for (; j + 3 <= i; j += 4) {
      const b0 = j * columns;
      const [b1, b2, b3] = [b0 + columns, b0 + 2 * columns, b0 + 3 * columns];
      let [d0, d1, d2, d3] = [0, 0, 0, 0];
      for (let k = 0; k < columns; k++) {
        const x = a[ai + k]!;
        d0 += x * a[b0 + k]!;
        d1 += x * a[b1 + k]!;
        d2 += x * a[b2 + k]!;
        d3 += x * a[b3 + k]!;
      }
      data[to + j] = d0;
      data[to + j + 1] = d1;
      data[to + j + 2] = d2;
      data[to + j + 3] = d3;
    }
    for (; j <= i; j++) {
      let d = 0;
      for (let k = 0; k < columns; k++) d += a[ai + k]! * a[j * columns + k]!;
      data[to + j] = d;
    }
  }
  return withError(matrix, columns);
}

/** A convolution's filters as float64, with no more outputs than inputs. */
export interface Filters {
  readonly outs: number;
  readonly ins: number;
  /** Odd. */
  readonly kernel: number;
  /** One `[outs, ins]` matrix for each tap, row by row of the kernel. */
  readonly taps: readonly Float64Array[];
}

/** Half the width of the band of {@link convGram}. */
export function convBandwidth({ outs, kernel }: Filters, width: number): number {
  const reach = kernel - 1;
  return Math.min(reach, width - 1) * outs + reach * width * outs + outs - 1;
}

/**
 * AAᵀ of a zero-padded convolution on images of the given size, pixel by pixel with channels last:
 * the blocks of two pixels add up products of taps over the input pixels that both see.
 */
export function convGram(filters: Filters, height: number, width: number): Gram {
  const { outs, ins, kernel, taps } = filters;
  const middle = (kernel - 1) / 2;
  const products = taps.map((s) => taps.map((t) => timesTransposed(s, t, outs, ins)));
  const matrix = new BandMatrix(outs * height * width, convBandwidth(filters, width));
  const { data } = matrix;
  const eachTap = (use: (row: number, column: number, at: number) => void): void => {
    for (let at = 0; at < kernel * kernel; at++) {
      use(Math.floor(at / kernel) - middle, (at % kernel) - middle, at);
    }
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      eachTap((dy, dx, s) => {
        const [inY, inX] = [y + dy, x + dx];
        if (inY < 0 || inY >= height || inX < 0 || inX >= width) return;
        eachTap((ey, ex, t) => {
          const [otherY, otherX] = [inY - ey, inX - ex];
          if (otherY < 0 || otherY >= height || otherX < 0 || otherX >= width) return;
          const [i0, j0] = [(y * width + x) * outs, (otherY * width + otherX) * outs];
          if (j0 > i0) return;
          const product = products[s]![t]!;
          for (let o = 0; o < outs; o++) {
            const to = matrix.row(i0 + o) + j0;
            const last = j0 === i0 ? o : outs - 1;
            for (let p = 0; p <= last; p++) data[to + p]! += product[o * outs + p]!;
          }
        });
      });
    }
  }
  return withError(matrix, ins + kernel * kernel);
}

/** |AAᵀ − G| ≤ γₙ|A||Aᵀ| entry by entry, whose norm is at most γₙ|A|²_F = γₙ·tr AAᵀ. */
function withError(matrix: BandMatrix, operations: number): Gram {
  const trace = roundedUp(matrix.trace(), matrix.order + operations);
  return { matrix, error: roundedUp(gamma(operations) * trace) };
}

/** ABᵀ of matrices of `rows` rows and `inner` columns. */
export function timesTransposed(
  a: Float64Array,
  b: Float64Array,
  rows: number,
  inner: number,
): Float64Array {
  const product = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < rows; j++) {
      let total = 0;
      for (let k = 0; k < inner; k++) total += a[i * inner + k]! * b[j * inner + k]!;
      product[i * rows + j] = total;
    }
  }
  return product;
}
