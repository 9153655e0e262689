import { gramOf, type Filters } from "./gram.js";
import { largestEigenvalue } from "./largest-eigenvalue.js";
import { gamma, roundedUp } from "./rounding.js";

/** Shifts of the frequencies, in steps, whose grids hold −θ with every θ. */
const shifts = [0, 0.5] as const;

/**
 * Bounds the norm of a zero-padded convolution by a circular one of which it is a part.
 *
 * On (H + r) × (W + r) pixels, r = (k − 1)/2, no tap that wraps round reaches an output that is
 * kept, and each that wraps may take any phase. So the norm is at most the largest, over the
 * frequencies 2π(f + s)/(H + r) and likewise across, of the norms of the O × I complex matrices
 * Σ W[p, q]·exp i(θp + φq), for any shifts s: the smallest of the four bounds of shifts 0 and ½ is
 * taken.
 *
 * The cosines are those of the runtime, taken as right to 2⁻⁴⁶ for each tap along the kernel.
 */
export function circulantNorm(filters: Filters, height: number, width: number): number {
  const reach = (filters.kernel - 1) / 2;
  let least = Infinity;
  for (const down of shifts) {
    for (const across of shifts) {
      const grid = frequencies([height + reach, width + reach], [down, across]);
      least = Math.min(least, largestOver(filters, grid, least));
    }
  }
  return roundedUp(least + symbolError(filters));
}

/** Frequencies in turns, one of each pair ±θ. */
function frequencies(
  [rows, columns]: readonly [number, number],
  [down, across]: readonly [number, number],
): [number, number][] {
  const grid: [number, number][] = [];
  const partner = (f: number, shift: number, n: number): number => (2 * n - f - 2 * shift) % n;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const other = partner(y, down, rows) * columns + partner(x, across, columns);
      if (other >= y * columns + x) grid.push([(y + down) / rows, (x + across) / columns]);
    }
  }
  return grid;
}

/** The largest norm over the frequencies; `Infinity` once it is seen to exceed `most`. */
function largestOver(
  filters: Filters,
  grid: readonly (readonly [number, number])[],
  most: number,
): number {
  let shift = 0;
  let largest = 0;
  for (const [down, across] of grid) {
    const { matrix, error } = gramOf(symbol(filters, down, across), 2 * filters.outs);
    const found = largestEigenvalue(matrix, shift);
    shift = found.shift;
    largest = Math.max(largest, roundedUp(Math.sqrt(found.bound + error)));
    if (largest >= most) return Infinity;
  }
  return largest;
}

/** The symbol S at a frequency as the real matrix [Re S, −Im S; Im S, Re S] of the same norm. */
function symbol({ outs, ins, kernel, taps }: Filters, down: number, across: number): Float64Array {
  const matrix = new Float64Array(4 * outs * ins);
  const middle = (kernel - 1) / 2;
  taps.forEach((tap, at) => {
    const turns = down * (Math.floor(at / kernel) - middle) + across * ((at % kernel) - middle);
    const [re, im] = [Math.cos(2 * Math.PI * turns), Math.sin(2 * Math.PI * turns)];
    for (let o = 0; o < outs; o++) {
      const upper = 2 * o * ins;
      const lower = 2 * (o + outs) * ins;
      for (let i = 0; i < ins; i++) {
        const w = tap[o * ins + i]!;
        matrix[upper + i]! += w * re;
        matrix[upper + ins + i]! -= w * im;
        matrix[lower + i]! += w * im;
        matrix[lower + ins + i]! += w * re;
      }
    }
  });
  return matrix;
}

/** Bound on the norm of the symbol's error: by entries at most a part of Σ|W|. */
function symbolError({ outs, ins, kernel, taps }: Filters): number {
  let squares = 0;
  for (let at = 0; at < outs * ins; at++) {
    const total = taps.reduce((sum, tap) => sum + Math.abs(tap[at]!), 0);
    squares += total * total;
  }
  const part = 2 * (kernel * 2 ** -46 + gamma(kernel * kernel + 2));
  return roundedUp(part * Math.sqrt(squares), outs * ins + kernel * kernel);
}
