import { mostContractive } from "../nn/index.js";
import { ndarray, sizeOf, type Arrays, type NDArray, type Shape } from "../tree.js";
import { filterMap, rayleigh, settleNorm, type FilterSizes } from "./operator-norm.js";

/** x·e^logScale + shift per channel, in the order of our channels. */
export interface Affine {
  readonly logScale: readonly number[];
  readonly shift: readonly number[];
}

export function identityAffine(channels: number): Affine {
  const zeros = Array.from({ length: channels }, () => 0);
  return { logScale: zeros, shift: zeros };
}

/** y = (first, then `next`). */
export function composed(first: Affine, next: Affine): Affine {
  return {
    logScale: first.logScale.map((scale, i) => scale + next.logScale[i]!),
    shift: first.shift.map((shift, i) => shift * Math.exp(next.logScale[i]!) + next.shift[i]!),
  };
}

/** A layer of a branch as the original uses it, its weight within the original's bound. */
export interface EffectiveLayer {
  readonly sizes: FilterSizes;
  /** Whether it is fully connected, rather than a 1x1 convolution. */
  readonly isDense?: boolean;
  readonly weight: Float64Array;
  readonly bias: Float64Array;
  /** The original's right singular vector, if it is of our size. */
  readonly v?: Float64Array;
}

/** The original's channels in our order: ours at j is the original's at `order[j]`. */
export type Order = readonly number[];

/** How much larger a bound is than the largest norm: {@link convergeNorms} may find that much more. */
const slack = 1.002;

/** The arrays of a model of residual blocks, by path. */
export class ResidualArrays {
  readonly #arrays = new Map<string, NDArray>();
  #largest = 0;

  get arrays(): Arrays {
    return Object.fromEntries(this.#arrays);
  }

  set(path: string, shape: Shape, data: ArrayLike<number>): void {
    this.#arrays.set(path, ndarray(Float32Array.from(data), shape));
  }

  actNorm(block: string, { logScale, shift }: Affine): void {
    this.set(`${block}.actNorm.logScale`, [logScale.length], logScale);
    this.set(`${block}.actNorm.shift`, [shift.length], shift);
    this.set(`${block}.actNorm.initialised`, [], [1]);
  }

  /**
   * The weight, bias and settled vectors of a layer.
   * @param rows order of its outputs, the original's unless given; `columns` that of its inputs
   */
  layer(
    path: string,
    effective: EffectiveLayer,
    { rows, columns }: { readonly rows?: Order; readonly columns?: Order } = {},
  ): void {
    const { sizes, isDense } = effective;
    const { inChannels, outChannels, kernel, height, width } = sizes;
    const taps = kernel * kernel;
    const filters = reordered(effective.weight, rows, inChannels * taps);
    const weight = columns
      ? blocksOf(filters, inChannels * taps).flatMap((row) => [...reordered(row, columns, taps)])
      : filters;
    const bias = reordered(effective.bias, rows, 1);
    // what is stored is float32: its norm is what opening the model will find
    const stored = Float64Array.from(weight, Math.fround);
    const area = kernel === 1 ? 1 : height * width;
    const start = effective.v && reordered(effective.v, columns, area);
    const { sigma, u, v } = settleNorm(filterMap(stored, sizes), start);
    this.#largest = Math.max(this.#largest, sigma);
    const place = kernel === 1 ? [] : [height, width];
    this.set(
      `${path}.weight`,
      [outChannels, inChannels, ...(isDense ? [] : [kernel, kernel])],
      stored,
    );
    this.set(`${path}.bias`, [outChannels], bias);
    this.set(`${path}.u`, [1, outChannels, ...place], u);
    this.set(`${path}.v`, [1, inChannels, ...place], v);
  }

  /** The least bound from the original's on that leaves every weight as it is; null for none below 0.998. */
  bound(c: number): number | null {
    const needed = this.#largest * slack;
    const least = needed <= c ? c : Math.ceil(needed * 1e4) / 1e4;
    return least < mostContractive ? least : null;
  }
}

/**
 * The weight that the original's function uses: W/(max(1, σ/c) + ε), σ = ⟨u, Wv⟩ from the vectors
 * that the file keeps.
 */
export function effectiveWeight(
  weight: Float64Array,
  sizes: FilterSizes,
  vectors: { readonly u: Float64Array; readonly v: Float64Array },
  { c, epsilon = 0 }: { readonly c: number; readonly epsilon?: number },
): Float64Array {
  const sigma = rayleigh(filterMap(weight, sizes), vectors.u, vectors.v);
  const divisor = Math.max(1, sigma / c) + epsilon;
  return weight.map((w) => w / divisor);
}

/** Blocks of `size` numbers in another order. */
export function reordered(
  data: Float64Array,
  order: Order | undefined,
  size: number,
): Float64Array {
  if (!order) return data;
  const taken = new Float64Array(data.length);
  order.forEach((from, to) => {
    taken.set(data.subarray(from * size, (from + 1) * size), to * size);
  });
  return taken;
}

function blocksOf(data: Float64Array, size: number): Float64Array[] {
  return Array.from({ length: data.length / size }, (_, i) =>
    data.subarray(i * size, (i + 1) * size),
  );
}

/** A layer of zeros, whose block is the identity. */
export function zeroLayer(sizes: FilterSizes, isDense: boolean): EffectiveLayer {
  const { inChannels, outChannels, kernel } = sizes;
  return {
    sizes,
    isDense,
    weight: new Float64Array(sizeOf([outChannels, inChannels, kernel, kernel])),
    bias: new Float64Array(outChannels),
  };
}

/** What became of the bound. */
export function boundSentence(bound: number | null, c: number): string {
  if (bound === c) return `c = ${c} bounds every weight, so that opening the model scales none.`;
  if (bound !== null) {
    return `The original's power iteration had left norms of up to ${bound}, so c is ${bound} rather than ${c}: opening the model then scales no weight.`;
  }
  return `The original's weights need a bound of ${mostContractive} or more, so c is null rather than ${c}: no bound holds, and an inverse may not converge.`;
}
