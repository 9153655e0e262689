import { gamma, roundedUp } from "./rounding.js";

/** Rows that the factorisation takes at once. */
const group = 4;

/**
 * A symmetric matrix whose entries farther than `bandwidth` from the diagonal are 0, in float64, by
 * its lower triangle. Its order is a multiple of 4: what is missing is filled with rows of 0.
 */
export class BandMatrix {
  readonly order: number;
  readonly bandwidth: number;
  /** Row i from column `start(i)` on. */
  readonly data: Float64Array;
  readonly #width: number;

  /**
   * @param order of the matrix that is meant, at least 1
   * @param bandwidth at most `order − 1`, which makes it dense
   */
  constructor(order: number, bandwidth: number) {
    this.order = Math.ceil(order / group) * group;
    this.bandwidth = Math.min(bandwidth, order - 1);
    this.#width = this.bandwidth + group;
    this.data = new Float64Array(this.order * this.#width);
  }

  /** The first column that row i holds, the same for each group of rows. */
  start(i: number): number {
    return Math.max(0, i - (i % group) - this.bandwidth);
  }

  /** Where row i's column 0 would be in `data`. */
  row(i: number): number {
    return i * this.#width - (i - (i % group) - this.bandwidth);
  }

  /** The sum of the diagonal. */
  trace(): number {
    let total = 0;
    for (let i = 0; i < this.order; i++) total += this.data[this.row(i) + i]!;
    return total;
  }

  /** The matrix times a vector. */
  times(x: Float64Array): Float64Array {
    const y = new Float64Array(this.order);
    const { data } = this;
    for (let i = 0; i < this.order; i++) {
      const row = this.row(i);
      const xi = x[i]!;
      let total = data[row + i]! * xi;
      for (let j = this.start(i); j < i; j++) {
        const a = data[row + j]!;
        total += a * x[j]!;
        y[j]! += a * xi;
      }
      y[i]! += total;
    }
    return y;
  }

  /**
   * Proves that no eigenvalue exceeds the number returned, which is `shift` and what rounding may
   * hide, or gives `undefined` where it can't.
   *
   * If the Cholesky factorisation of B = shift·I − A runs to its end in floating point, then RᵀR =
   * B + Δ with |Δ| ≤ γₖ₊₂|Rᵀ||R| for a bandwidth k, so that |Δ|₂ ≤ γₖ₊₂·tr RᵀR and λ(B) ≥ −|Δ|₂.
   *
   * @see Higham 2002, theorem 10.3; Rump 2006, "Verification of positive definiteness",
   *   https://doi.org/10.1007/s10543-006-0056-1
   */
  provedBelow(shift: number): number | undefined {
    const { order, data } = this;
    const factor = new Float64Array(data.length);
    let trace = 0;
    for (let g = 0; g < order; g += group) {
      const lo = this.start(g);
      const rows = [0, 1, 2, 3].map((r) => this.row(g + r)) as [number, number, number, number];
      const [r0, r1, r2, r3] = rows;
      for (let j = lo; j < g; j++) {
        const row = this.row(j);
        let [d0, d1, d2, d3] = [0, 0, 0, 0];
        for (let k = lo; k < j; k++) {
          const f = factor[row + k]!;
          d0 += f * factor[r0 + k]!;
          d1 += f * factor[r1 + k]!;
          d2 += f * factor[r2 + k]!;
          d3 += f * factor[r3 + k]!;
        }
        const pivot = factor[row + j]!;
        factor[r0 + j] = (-data[r0 + j]! - d0) / pivot;
        factor[r1 + j] = (-data[r1 + j]! - d1) / pivot;
        factor[r2 + j] = (-data[r2 + j]! - d2) / pivot;
        factor[r3 + j] = (-data[r3 + j]! - d3) / pivot;
      }
      for (let i = g; i < g + group; i++) {
        const own = this.row(i);
        for (let j = g; j <= i; j++) {
          const row = this.row(j);
          let d = 0;
          for (let k = lo; k < j; k++) d += factor[row + k]! * factor[own + k]!;
          if (j < i) {
            factor[own + j] = (-data[own + j]! - d) / factor[row + j]!;
          } else {
            const diagonal = shift - data[own + i]!;
            const square = diagonal - d;
            if (!(square > 0)) return undefined;
            trace += diagonal;
            factor[own + i] = Math.sqrt(square);
          }
        }
      }
    }
    return roundedUp(shift + gamma(this.bandwidth + group + 2) * roundedUp(trace, order));
  }
}
