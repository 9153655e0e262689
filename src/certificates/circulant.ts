import { BandMatrix } from "./band-matrix.js";
import { timesTransposed, type Filters } from "./gram.js";
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
 * The cosines are the runtime's, taken as right to 2⁻⁴⁵·k.
 */
export function circulantNorm(filters: Filters, height: number, width: number): number {
  const reach = (filters.kernel - 1) / 2;
  const products = lagProducts(filters);
  let least = Infinity;
  for (const down of shifts) {
    for (const across of shifts) {
      const grid = frequencies([height + reach, width + reach], [down, across]);
      least = Math.min(least, largestOver(products, grid, least));
    }
  }
  return least;
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
  products: LagProducts,
  grid: readonly (readonly [number, number])[],
  most: number,
): number {
  // A symbol may vanish but for rounding, which nobody need measure.
  let shift = products.error;
  let largest = 0;
  for (const [down, across] of grid) {
    const found = largestEigenvalue(symbolGram(products, down, across), shift);
    shift = found.shift;
    largest = Math.max(largest, roundedUp(Math.sqrt(found.bound + products.error)));
    if (largest >= most) return Infinity;
  }
  return largest;
}

/** S(θ)S(θ)ᴴ = Σ C(δ)·exp iθδ over lags δ of two taps, C(−δ) = C(δ)ᵀ. */
interface LagProducts {
  readonly outs: number;
  /** One of each pair ±δ, with C + Cᵀ (at lag 0, C itself) and C − Cᵀ. */
  readonly lags: readonly {
    readonly down: number;
    readonly across: number;
    readonly even: Float64Array;
    readonly odd: Float64Array;
  }[];
  /** Bound on the norm of what rounding makes of SSᴴ. */
  readonly error: number;
}

function lagProducts({ outs, ins, kernel, taps }: Filters): LagProducts {
  const lags: LagProducts["lags"][number][] = [];
  for (let down = 0; down < kernel; down++) {
    for (let across = down === 0 ? 0 : 1 - kernel; across < kernel; across++) {
      const sum = new Float64Array(outs * outs);
      taps.forEach((tap, at) => {
        const column = (at % kernel) - across;
        const other = taps[at - down * kernel - across];
        if (!other || column < 0 || column >= kernel) return;
        timesTransposed(tap, other, outs, ins).forEach((x, i) => (sum[i]! += x));
      });
      const isZero = down === 0 && across === 0;
      const turned = sum.map((_, i) => sum[(i % outs) * outs + Math.floor(i / outs)]!);
      lags.push({
        down,
        across,
        even: sum.map((x, i) => (isZero ? x : x + turned[i]!)),
        odd: sum.map((x, i) => x - turned[i]!),
      });
    }
  }
  return { outs, lags, error: gramError({ outs, ins, kernel, taps }) };
}

/** By entries at most a part of Σ|W(t)||W(t')ᵀ| over taps, whose norm is at most (Σ|W(t)|_F)². */
function gramError({ outs, ins, kernel, taps }: Filters): number {
  const total = taps.reduce((sum, tap) => sum + frobenius(tap), 0);
  const operations = outs * ins + 2 * kernel * kernel;
  const part = 2 * (kernel * 2 ** -45 + gamma(ins + 2 * kernel * kernel + 4));
  return roundedUp(part * total * total, 4 * operations);
}

function frobenius(tap: Float64Array): number {
  return Math.sqrt(tap.reduce((sum, w) => sum + w * w, 0));
}

/** SSᴴ = P + iQ at a frequency as the real matrix [P −Q; Q P], which has each eigenvalue twice. */
function symbolGram({ outs, lags }: LagProducts, down: number, across: number): BandMatrix {
  const p = new Float64Array(outs * outs);
  const q = new Float64Array(outs * outs);
  for (const lag of lags) {
    const turns = down * lag.down + across * lag.across;
    const [re, im] = [Math.cos(2 * Math.PI * turns), Math.sin(2 * Math.PI * turns)];
    const { even, odd } = lag;
    for (let i = 0; i < p.length; i++) {
      p[i]! += re * even[i]!;
      q[i]! += im * odd[i]!;
    }
  }
  const matrix = new BandMatrix(2 * outs, 2 * outs - 1);
  const { data } = matrix;
  for (let i = 0; i < outs; i++) {
    const [upper, lower] = [matrix.row(i), matrix.row(outs + i)];
    data.set(p.subarray(i * outs, i * outs + i + 1), upper);
    data.set(q.subarray(i * outs, (i + 1) * outs), lower);
    data.set(p.subarray(i * outs, i * outs + i + 1), lower + outs);
  }
  return matrix;
}
