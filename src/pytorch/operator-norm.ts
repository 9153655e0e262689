import { Random } from "../random.js";

/** A linear map between vectors, in float64. */
export interface LinearMap {
  readonly inSize: number;
  readonly outSize: number;
  apply(v: Float64Array): Float64Array;
  adjoint(u: Float64Array): Float64Array;
}

/** Sizes of a convolution with zero padding that keeps height and width; a kernel of 1 is a matrix. */
export interface FilterSizes {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly height: number;
  readonly width: number;
}

/** The convolution by `weight`, `[O, I, k, k]`; for k = 1 the matrix `[O, I]` at a single place. */
export function filterMap(weight: Float64Array, sizes: FilterSizes): LinearMap {
  const { inChannels, outChannels, kernel } = sizes;
  const [height, width] = kernel === 1 ? [1, 1] : [sizes.height, sizes.width];
  const reach = (kernel - 1) / 2;
  const taps = kernel * kernel;
  // planes with zeros around: a tap is then one shift of a whole plane
  const row = width + 2 * reach;
  const plane = row * (height + 2 * reach);
  const first = reach * row + reach;
  const end = first + (height - 1) * row + width;
  const shifts = Array.from(
    { length: taps },
    (_, tap) => (Math.floor(tap / kernel) - reach) * row + (tap % kernel) - reach,
  );

  const padded = (planes: Float64Array, channels: number): Float64Array => {
    const wide = new Float64Array(channels * plane);
    for (let c = 0; c < channels; c++) {
      for (let y = 0; y < height; y++) {
        const from = (c * height + y) * width;
        wide.set(planes.subarray(from, from + width), c * plane + first + y * row);
      }
    }
    return wide;
  };
  const cropped = (wide: Float64Array, channels: number): Float64Array => {
    const planes = new Float64Array(channels * height * width);
    for (let c = 0; c < channels; c++) {
      for (let y = 0; y < height; y++) {
        const from = c * plane + first + y * row;
        planes.set(wide.subarray(from, from + width), (c * height + y) * width);
      }
    }
    return planes;
  };
  const spread = (planes: Float64Array, isAdjoint: boolean): Float64Array => {
    const [from, to] = isAdjoint ? [outChannels, inChannels] : [inChannels, outChannels];
    const sign = isAdjoint ? -1 : 1;
    const source = padded(planes, from);
    const target = new Float64Array(to * plane);
    for (let t = 0; t < to; t++) {
      for (let s = 0; s < from; s++) {
        const filter = (isAdjoint ? s * inChannels + t : t * inChannels + s) * taps;
        const away = (s - t) * plane;
        const stop = t * plane + end;
        for (let tap = 0; tap < taps; tap += kernel) {
          const offset = away + sign * shifts[tap]!;
          if (kernel === 3) {
            // a row of three at once
            const [a, b, c] = [
              weight[filter + tap]!,
              weight[filter + tap + 1]!,
              weight[filter + tap + 2]!,
            ];
            for (let i = t * plane + first; i < stop; i++) {
              const at = i + offset;
              target[i]! += a * source[at]! + b * source[at + sign]! + c * source[at + 2 * sign]!;
            }
            continue;
          }
          for (let k = 0; k < kernel; k++) {
            const factor = weight[filter + tap + k]!;
            const at = offset + sign * k;
            for (let i = t * plane + first; i < stop; i++) target[i]! += factor * source[i + at]!;
          }
        }
      }
    }
    return cropped(target, to);
  };
  return {
    inSize: inChannels * height * width,
    outSize: outChannels * height * width,
    apply: (v) => spread(v, false),
    adjoint: (u) => spread(u, true),
  };
}

/** Largest singular value and its vectors. */
export interface Settled {
  readonly sigma: number;
  readonly u: Float64Array;
  readonly v: Float64Array;
}

const mostSteps = 80;
/** Steps over which the norm's square has to stay the same. */
const window = 5;
const tolerance = 1e-6;
/** Share of noise in the first vector: a stored one may have followed another singular value. */
const noiseShare = 0.1;

/**
 * The largest singular value and its vectors, u = Wv/σ, by Lanczos' method on WᵀW, or on WWᵀ if
 * that is smaller: it needs tens of products where power iteration needs hundreds. It comes from
 * below.
 *
 * @param start the vector v to start near; noise unless given
 * @see Golub and Van Loan 2013, Matrix Computations, section 10.1
 */
export function settleNorm(map: LinearMap, start?: Float64Array): Settled {
  const isWide = map.inSize > map.outSize;
  const square = isWide
    ? (x: Float64Array) => map.apply(map.adjoint(x))
    : (x: Float64Array) => map.adjoint(map.apply(x));
  const near = start && (isWide ? map.apply(start) : start);
  const top = largestEigenvector(square, Math.min(map.inSize, map.outSize), near);
  const v = isWide ? unit(map.adjoint(top)) : top;
  const image = map.apply(v);
  return { sigma: length(image), u: unit(image), v };
}

function largestEigenvector(
  square: (x: Float64Array) => Float64Array,
  size: number,
  start: Float64Array | undefined,
): Float64Array {
  const noise = unit(Float64Array.from(Random.fromSeed(0).split("settleNorm").normal(size)));
  const known = start && unit(start);
  const basis = [known ? unit(noise.map((x, i) => known[i]! + noiseShare * x)) : noise];
  const diagonal: number[] = [];
  const beside: number[] = [];
  const largest: number[] = [];
  for (let step = 0; step < Math.min(mostSteps, size); step++) {
    const next = square(basis[step]!);
    diagonal.push(inner(next, basis[step]!));
    largest.push(largestEigenvalue(diagonal, beside));
    const now = largest.at(-1)!;
    if (now - (largest.at(-1 - window) ?? -Infinity) <= tolerance * now) break;
    // twice, so that rounding leaves the basis orthogonal
    for (const other of [...basis, ...basis]) {
      const share = inner(next, other);
      for (let i = 0; i < size; i++) next[i]! -= share * other[i]!;
    }
    const rest = length(next);
    if (rest <= 1e-12 * now) break;
    beside.push(rest);
    basis.push(next.map((x) => x / rest));
  }
  const shares = tridiagonalVector(diagonal, beside, largest.at(-1)!);
  const vector = new Float64Array(size);
  shares.forEach((share, k) => {
    for (let i = 0; i < size; i++) vector[i]! += share * basis[k]![i]!;
  });
  return unit(vector);
}

/** Of a symmetric tridiagonal matrix, by bisection: all pivots of T − x are negative above it. */
function largestEigenvalue(diagonal: readonly number[], beside: readonly number[]): number {
  const isAbove = (x: number): boolean => {
    let pivot = 1;
    return diagonal.every((d, i) => {
      pivot = d - x - (i > 0 ? beside[i - 1]! ** 2 / pivot : 0);
      return pivot < 0;
    });
  };
  let low = Math.max(...diagonal);
  let high = Math.max(
    ...diagonal.map(
      (d, i) => d + (beside[i - 1] ?? 0) + (i < diagonal.length - 1 ? beside[i]! : 0),
    ),
  );
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (isAbove(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Its eigenvector by two inverse iterations a little above the eigenvalue. */
function tridiagonalVector(
  diagonal: readonly number[],
  beside: readonly number[],
  eigenvalue: number,
): Float64Array {
  const shift = eigenvalue * (1 + 1e-12) + Number.MIN_VALUE;
  const size = diagonal.length;
  let x = new Float64Array(size).fill(1);
  for (let turn = 0; turn < 3; turn++) {
    const pivots = new Float64Array(size);
    const y = Float64Array.from(x);
    for (let i = 0; i < size; i++) {
      const factor = i > 0 ? beside[i - 1]! / pivots[i - 1]! : 0;
      pivots[i] = Math.min(diagonal[i]! - shift - factor * (beside[i - 1] ?? 0), -1e-300);
      if (i > 0) y[i]! -= factor * y[i - 1]!;
    }
    for (let i = size - 1; i >= 0; i--) {
      y[i] = (y[i]! - (i < size - 1 ? beside[i]! * y[i + 1]! : 0)) / pivots[i]!;
    }
    x = unit(y);
  }
  return x;
}

/** ⟨u, Wv⟩ */
export function rayleigh(map: LinearMap, u: Float64Array, v: Float64Array): number {
  return inner(map.apply(v), u);
}

function inner(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

function length(x: Float64Array): number {
  return Math.sqrt(inner(x, x));
}

/** x of length 1; of zeros a vector of equal numbers. */
function unit(x: Float64Array): Float64Array<ArrayBuffer> {
  const size = length(x);
  return Float64Array.from(x, (value) => (size > 0 ? value / size : 1 / Math.sqrt(x.length)));
}
