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
  const area = height * width;

  /** target += weight · source along the rows that both have at this tap. */
  const addTap = (
    target: Float64Array,
    targetStart: number,
    source: Float64Array,
    sourceStart: number,
    factor: number,
    dy: number,
    dx: number,
  ): void => {
    const [left, right] = [Math.max(0, -dx), Math.min(width, width - dx)];
    for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
      const to = targetStart + y * width;
      const from = sourceStart + (y + dy) * width + dx;
      for (let x = left; x < right; x++) target[to + x]! += factor * source[from + x]!;
    }
  };
  const spread = (source: Float64Array, isAdjoint: boolean): Float64Array => {
    const target = new Float64Array((isAdjoint ? inChannels : outChannels) * area);
    let tap = 0;
    for (let o = 0; o < outChannels; o++) {
      for (let i = 0; i < inChannels; i++) {
        for (let dy = -reach; dy <= reach; dy++) {
          for (let dx = -reach; dx <= reach; dx++) {
            const factor = weight[tap++]!;
            if (isAdjoint) addTap(target, i * area, source, o * area, factor, -dy, -dx);
            else addTap(target, o * area, source, i * area, factor, dy, dx);
          }
        }
      }
    }
    return target;
  };
  return {
    inSize: inChannels * area,
    outSize: outChannels * area,
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

const iterationsPerRound = 10;
const fewestRounds = 2;
const mostRounds = 100;
/** Relative change of the norm over a round below which it counts as settled. */
const tolerance = 1e-5;
/** Share of noise in the first vector: a stored one may have followed another singular value. */
const noiseShare = 0.1;

/**
 * Power iteration until the norm settles: v ← Wᵀu/|Wᵀu|, u ← Wv/|Wv|.
 *
 * @param start the vector v to start near; noise unless given
 */
export function settleNorm(map: LinearMap, start?: Float64Array): Settled {
  const noise = unit(Float64Array.from(Random.fromSeed(0).split("settleNorm").normal(map.inSize)));
  const known = start && unit(start);
  let v = known ? unit(noise.map((value, i) => known[i]! + noiseShare * value)) : noise;
  let before = Infinity;
  for (let round = 1; round <= mostRounds; round++) {
    for (let i = 0; i < iterationsPerRound; i++) v = unit(map.adjoint(map.apply(v)), v);
    const sigma = length(map.apply(v));
    if (Math.abs(sigma - before) <= tolerance * sigma && round >= fewestRounds) break;
    before = sigma;
  }
  const image = map.apply(v);
  return { sigma: length(image), u: unit(image), v };
}

/** ⟨u, Wv⟩ */
export function rayleigh(map: LinearMap, u: Float64Array, v: Float64Array): number {
  return map.apply(v).reduce((sum, value, i) => sum + value * u[i]!, 0);
}

function length(x: Float64Array): number {
  return Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
}

/** x of length 1; of zeros `otherwise`, or a vector of equal numbers. */
function unit(x: Float64Array, otherwise?: Float64Array): Float64Array {
  const size = length(x);
  if (size > 0) return x.map((value) => value / size);
  return otherwise ?? x.map(() => 1 / Math.sqrt(x.length));
}
