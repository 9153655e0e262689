import { expectArray } from "../border/arrays.js";
import { expectKind } from "../border/kinds.js";
import { expectOneOf, expectOptions } from "../border/options.js";
import { expectWhole, ranges } from "../border/ranges.js";
import { DataError, ShapeError, UsageError } from "../errors.js";
import type { OperatorKind } from "../nn/index.js";
import { sizeOf, type NumberArray } from "../tree.js";
import { circulantNorm } from "./circulant.js";
import { convBandwidth, convGram, gramOf, type Filters, type Gram } from "./gram.js";
import { largestEigenvalue } from "./largest-eigenvalue.js";
import { roundedUp } from "./rounding.js";

export interface CertifiedNormOptions {
  /**
   * Most multiplications that the factorisation of a convolution's own matrix may take, beyond which
   * a circular one that holds it is bounded; 1.2·10⁹ unless given, a second or two.
   */
  readonly products?: number;
}

export interface CertifiedNorm {
  /** No smaller than the norm. */
  readonly bound: number;
  /**
   * Which matrix the bound was proved for: the `operator` itself, or a `circulant` one that holds
   * it and whose norm may be larger.
   */
  readonly of: "operator" | "circulant";
}

/**
 * Proves an upper bound on the operator norm of a weight, as a linear map of real numbers: rounding
 * in the proof is counted, and the numbers of the weight are taken as they are. Not counted is the
 * rounding of a network that applies the weight in float32.
 *
 * An estimate s of |W|² by Lanczos' method is a proof once the Cholesky factorisation of (1 + ε)s·I
 * − WWᵀ runs to its end. Dense weights, and convolutions on few pixels with few channels, are bounded
 * by about 10⁻⁶ above their norm; other convolutions by that of a circular one that holds them.
 *
 * @param weight of a matrix `[O, I]` or `[O, I, 1, 1]`, of a convolution `[O, I, k, k]` with odd k
 * @param operator what it stands for; a `conv` with its input's height and width in pixels
 * @param options
 *   - `products`: most multiplications of a factorisation, 1.2·10⁹ unless given
 * @throws {DataError} if a weight is NaN or infinite.
 * @throws {ShapeError} if the weight's shape doesn't fit the operator.
 * @throws {UsageError} if the operator is of no known kind, its height or width no whole number of pixels,
 * or an option unknown or out of range.
 * @see Rump 2006, https://doi.org/10.1007/s10543-006-0056-1
 */
export function certifiedNorm(
  weight: NumberArray,
  operator: OperatorKind,
  options: CertifiedNormOptions = {},
): CertifiedNorm {
  expectArray(weight, { where: "certifiedNorm", name: "weight" });
  expectKind(operator, "object", "certifiedNorm");
  expectOptions(options, ["products"], "certifiedNorm");
  const { products = 1.2e9 } = options;
  if (!(products >= 0)) {
    throw new UsageError(`certifiedNorm: expected products of at least 0, got ${products}`, {
      name: "products",
    });
  }
  expectOperator(operator);
  expectWeight(weight, operator);
  // Powers of two change no digit, and keep squares from overflowing.
  const unit = 2 ** Math.floor(Math.log2(largestOf(weight.data)));
  if (unit === 0) return { bound: 0, of: "operator" };
  const filters = filtersOf(weight, unit);
  const certified = (norm: number, of: CertifiedNorm["of"]): CertifiedNorm => ({
    bound: roundedUp(norm * unit),
    of,
  });
  if (operator.kind === "matrix") {
    return certified(normOf(gramOf(filters.taps[0]!, filters.outs)), "operator");
  }
  const { height, width } = operator;
  const order = filters.outs * height * width;
  if ((order * Math.min(convBandwidth(filters, width), order) ** 2) / 2 <= products) {
    return certified(normOf(convGram(filters, height, width)), "operator");
  }
  return certified(circulantNorm(filters, height, width), "circulant");
}

function normOf({ matrix, error }: Gram): number {
  return roundedUp(Math.sqrt(largestEigenvalue(matrix).bound + error));
}

function expectOperator(operator: OperatorKind): void {
  expectOneOf(operator.kind, ["matrix", "conv"], "certifiedNorm: operator.kind");
  if (operator.kind === "matrix") return;
  expectWhole(operator.height, ranges.size, "certifiedNorm: operator.height");
  expectWhole(operator.width, ranges.size, "certifiedNorm: operator.width");
}

function expectWeight({ shape, data }: NumberArray, { kind }: OperatorKind): void {
  const [, , kernel = 1, other = kernel] = shape;
  const isRight =
    kind === "matrix"
      ? (shape.length === 2 || shape.length === 4) && kernel === 1 && other === 1
      : shape.length === 4 && kernel === other && kernel % 2 === 1;
  if (!isRight || sizeOf(shape) === 0 || data.length !== sizeOf(shape)) {
    const expected = kind === "matrix" ? "[O, I] or [O, I, 1, 1]" : "[O, I, k, k] with odd k";
    throw new ShapeError(
      `certifiedNorm: expected a weight of shape ${expected}, got ${data.length} numbers of shape [${shape}]`,
    );
  }
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) {
      throw new DataError(`certifiedNorm: expected finite weights, got ${data[i]} at index ${i}`);
    }
  }
}

function largestOf(data: ArrayLike<number>): number {
  return Array.from(data, Math.abs).reduce((most, w) => Math.max(most, w), 0);
}

/**
 * The weight in `unit`s by taps; transposed, and its kernel turned round, where it is taller than
 * wide.
 */
function filtersOf({ shape, data }: NumberArray, unit: number): Filters {
  const [outs, ins, kernel = 1] = shape as [number, number, number?];
  const size = kernel * kernel;
  const isTurned = outs > ins;
  const taps = Array.from({ length: size }, () => new Float64Array(outs * ins));
  for (let o = 0; o < outs; o++) {
    for (let i = 0; i < ins; i++) {
      for (let at = 0; at < size; at++) {
        const w = data[(o * ins + i) * size + at]! / unit;
        if (isTurned) taps[size - 1 - at]![i * outs + o] = w;
        else taps[at]![o * ins + i] = w;
      }
    }
  }
  return isTurned ? { outs: ins, ins: outs, kernel, taps } : { outs, ins, kernel, taps };
}
