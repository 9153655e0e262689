import { vjp } from "../../autodiff/vjp.js";
import { expectKind } from "../../border/kinds.js";
import { expectOneOf, expectOptions } from "../../border/options.js";
import { expectWhole, ranges } from "../../border/ranges.js";
import { add, div, mul, stopGradient, sub, sumEvent, type Tensor } from "../../graph/index.js";
import type { LogDetEstimator } from "../../nn/index.js";

export interface SeriesOptions {
  /** Terms n of the power series. */
  readonly terms: number;
  /** Probes the trace is averaged over. */
  readonly probes?: number;
  readonly noise?: (typeof probeNoises)[number];
}

/** What probes of the trace may be drawn from. */
export const probeNoises = ["rademacher", "normal"] as const;

/**
 * The truncated power series (Algorithm 2):
 * ln det(I + J) ≈ Σₖ₌₁ⁿ (−1)ᵏ⁺¹ tr(Jᵏ)/k, with tr(A) ≈ vᵀAv for probes v of unit covariance.
 *
 * Its mean is off by at most d·(−ln(1−L) − Σₖ₌₁ⁿ Lᵏ/k) nats for d elements and Lip(g) ≤ L: see
 * {@link truncationBias}. Gradients pass through the series.
 *
 * @param options.terms n of the series, at least 1
 * @param options.probes v that the trace is averaged over, 1 unless given
 * @param options.noise that v is drawn from, `rademacher` unless given
 * @see Behrmann et al. 2019, section 3.2, https://arxiv.org/abs/1811.00995
 * @throws {UsageError} unless terms and probes are whole numbers from 1 to 1,000, or if an option is unknown.
 */
export function powerSeries(options: SeriesOptions): LogDetEstimator {
  expectKind(options, "object", "powerSeries");
  return averaged(options, (x, gx, v) => {
    const traces: Tensor[] = [];
    let vJk = v;
    for (let k = 1; k <= options.terms; k++) {
      vJk = vjp(gx, x, vJk);
      traces.push(sumEvent(mul(vJk, v)));
    }
    return alternating(traces);
  });
}

/**
 * The power series with a cheaper gradient of the same mean: d ln det(I + J) is
 * tr((I + J)⁻¹ dJ), so with w = Σₖ₌₀ⁿ⁻¹ (−1)ᵏ vᵀJᵏ held fixed, the gradient of wᵀJv estimates it
 * with one differentiated product in place of n. The value is the series' own, n terms.
 *
 * @param options.terms n of the series, at least 1
 * @param options.probes v that the trace is averaged over, 1 unless given
 * @param options.noise that v is drawn from, `rademacher` unless given
 * @see Chen et al. 2019, section 3.2, https://arxiv.org/abs/1906.02735
 * @throws {UsageError} unless terms and probes are whole numbers from 1 to 1,000, or if an option is unknown.
 */
export function neumannSeries(options: SeriesOptions): LogDetEstimator {
  expectKind(options, "object", "neumannSeries");
  const { terms } = options;
  return averaged(options, (x, gx, v) => {
    const traces: Tensor[] = [];
    let vJk = v;
    let w = v;
    for (let k = 1; k < terms; k++) {
      vJk = vjp(gx, x, vJk);
      traces.push(sumEvent(mul(vJk, v)));
      w = k % 2 === 0 ? add(w, vJk) : sub(w, vJk);
    }
    const surrogate = sumEvent(mul(vjp(gx, x, stopGradient(w)), v));
    // wᵀJv = Σₖ₌₁ⁿ (−1)ᵏ⁺¹ vᵀJᵏv, so the last trace needs no product of its own.
    const sign = (k: number): number => (k % 2 === 1 ? 1 : -1);
    const known = traces.reduce((rest, trace, i) => sub(rest, mul(trace, sign(i + 1))), surrogate);
    traces.push(mul(known, sign(terms)));
    return add(surrogate, stopGradient(sub(alternating(traces), surrogate)));
  });
}

/**
 * Most that a series of n terms can miss, in nats, for d elements and Lip(g) ≤ L:
 * d·Σₖ₌ₙ₊₁ Lᵏ/k = d·(−ln(1−L) − Σₖ₌₁ⁿ Lᵏ/k) if L < 1; infinite otherwise.
 *
 * @param d elements of an event
 * @param lipschitz L, a bound on Lip(g)
 * @param terms n of the series
 * @throws {UsageError} unless `terms` is a whole number from 0 to 1,000.
 * @see Behrmann et al. 2019, theorem 4, https://arxiv.org/abs/1811.00995
 */
export function truncationBias(d: number, lipschitz: number, terms: number): number {
  expectWhole(terms, { ...ranges.terms, least: 0 }, "truncationBias: terms");
  if (!(lipschitz < 1)) return Infinity;
  const term = (k: number): number => lipschitz ** k / k;
  let difference = -Math.log1p(-lipschitz);
  for (let k = 1; k <= terms; k++) difference -= term(k);
  if (difference > 1e-3) return d * difference;
  // Little is left of the difference but rounding; what it stands for is soon summed.
  let tail = 0;
  for (let k = terms + 1; term(k) > tail * 1e-17; k++) tail += term(k);
  return d * tail;
}

/** Σ (−1)ᵏ⁺¹ traceₖ/k. */
function alternating(traces: readonly Tensor[]): Tensor {
  return traces
    .map((trace, i) => mul(trace, (i % 2 === 0 ? 1 : -1) / (i + 1)))
    .reduce((total, term) => add(total, term));
}

function averaged(
  options: SeriesOptions,
  estimate: (x: Tensor, gx: Tensor, v: Tensor) => Tensor,
): LogDetEstimator {
  expectOptions(options, ["terms", "probes", "noise"], "log-determinant");
  const { terms, probes = 1, noise = "rademacher" } = options;
  expectOneOf(noise, probeNoises, "log-determinant: noise");
  expectWhole(terms, ranges.terms, "log-determinant: terms");
  expectWhole(probes, ranges.probes, "log-determinant: probes");
  return (_g, x, gx, ctx) => {
    const estimates = Array.from({ length: probes }, () =>
      estimate(x, gx, ctx.noise(noise, x.shape)),
    );
    return div(
      estimates.reduce((total, one) => add(total, one)),
      probes,
    );
  };
}
