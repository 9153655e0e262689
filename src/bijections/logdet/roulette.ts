import { vjp } from "../../autodiff/vjp.js";
import { expectKind } from "../../border/kinds.js";
import { expectOneOf, expectOptions } from "../../border/options.js";
import { expectWhole, ranges } from "../../border/ranges.js";
import { UsageError } from "../../errors.js";
import {
  add,
  axisSize,
  concat,
  constant,
  div,
  literal,
  loop,
  mul,
  neg,
  reshape,
  slice,
  stopGradient,
  sub,
  sumEvent,
  type Tensor,
} from "../../graph/index.js";
import type { Context, LogDetEstimator } from "../../nn/index.js";
import { probeNoises } from "./power-series.js";

/**
 * How many terms N follow the exact ones: `geometric`, P(N ≥ j) = (1 − p)ʲ⁻¹ for j ≥ 1, or
 * `poisson` of mean `rate`.
 */
export type Tail =
  | { readonly kind: "geometric"; readonly p: number }
  | { readonly kind: "poisson"; readonly rate: number };

export interface RouletteOptions {
  /** Terms n that every estimate has. */
  readonly exactTerms: number;
  readonly tail: Tail;
  readonly noise?: (typeof probeNoises)[number];
}

/**
 * The power series, cut at random and without bias ("Russian roulette"):
 *
 *     ln det(I + J) = E Σₖ₌₁ⁿ⁺ᴺ wₖ(−1)ᵏ⁺¹ vᵀJᵏv/k,  wₖ = 1 for k ≤ n, else 1/P(N ≥ k − n),
 *
 * with the gradient of wᵀJv, w = Σₖ₌₀ⁿ⁺ᴺ wₖ(−1)ᵏ vᵀJᵏ held fixed, w₀ = 1 (equation 8). A block
 * draws one N for its batch, by two numbers that don't depend on the batch: all that share a batch
 * take as many terms. The mean is exact for Lip(g) < 1; the variance need not be finite where a
 * tail falls faster than Lip(g)²ᵏ.
 *
 * N is cut where P(N ≥ j) falls below 2⁻⁴⁸, as fine as the random number that decides it.
 *
 * @param options
 *   - `exactTerms`: n that every estimate has
 *   - `tail`: distribution of N, the terms after these
 *   - `noise`: that the probe v is drawn from, `rademacher` unless given
 * @see Chen et al. 2019, sections 3.1 and 3.2, https://arxiv.org/abs/1906.02735
 * @throws {UsageError} unless `exactTerms` is a whole number from 0 to 1,000, 0.001 ≤ p < 1 and
 * 0.001 ≤ rate ≤ 100, or if an option is unknown.
 */
export function roulette(options: RouletteOptions): LogDetEstimator {
  expectKind(options, "object", "roulette");
  expectOptions(options, ["exactTerms", "tail", "noise"], "roulette");
  const { exactTerms, tail, noise = "rademacher" } = options;
  expectOneOf(noise, probeNoises, "roulette: noise");
  expectKind(tail, "object", "roulette: tail");
  expectOneOf(tail.kind, ["geometric", "poisson"], "roulette: tail.kind");
  expectWhole(exactTerms, { ...ranges.terms, least: 0 }, "roulette: exactTerms");
  const probabilities = tailProbabilities(tail);
  return (_g, x, gx, ctx) => {
    const v = ctx.noise(noise, x.shape);
    const u = fineUniform(ctx);
    /** The sums with term k, which is of weight 1/p. */
    const withTerm = ({ power, k, w, total }: Sums, p: Tensor): Sums => {
      const next = neg(vjp(gx, x, power));
      const weighted = div(next, p);
      return {
        power: next,
        k: add(k, 1),
        w: add(w, weighted),
        total: sub(total, div(sumEvent(mul(weighted, v)), k)),
      };
    };
    let sums: Sums = {
      power: v,
      k: constant(1),
      w: v,
      total: constant(0, [axisSize(x, 0)]),
    };
    for (let k = 1; k <= exactTerms; k++) sums = withTerm(sums, constant(1));
    const { w, total } = loop(
      { ...sums, rest: literal(probabilities, [probabilities.length]) },
      {
        next: ({ rest, ...before }) => ({ ...withTerm(before, first(rest)), rest: shifted(rest) }),
        goOn: ({ rest }) => sub(first(rest), u),
        steps: probabilities.length,
      },
    );
    const surrogate = sumEvent(mul(vjp(gx, x, stopGradient(w)), v));
    return add(surrogate, stopGradient(sub(total, surrogate)));
  };
}

type Sums = Readonly<Record<"power" | "k" | "w" | "total", Tensor>>;

/**
 * P(N ≥ 1), P(N ≥ 2), … down to 2⁻⁴⁸.
 * @throws {UsageError} unless 0.001 ≤ p < 1, or 0.001 ≤ rate ≤ 100.
 */
export function tailProbabilities(tail: Tail): readonly number[] {
  switch (tail.kind) {
    case "geometric":
      return geometricTail(tail.p);
    case "poisson":
      return poissonTail(tail.rate);
  }
}

const least = 2 ** -48;
/** Of p, below which a mean of more than 1,000 terms follow; of the rate, below which hardly one does. */
export const leastTail = 0.001;

function geometricTail(p: number): number[] {
  if (!(p >= leastTail && p < 1)) {
    throw new UsageError(`roulette: expected a geometric tail with ${leastTail} ≤ p < 1, got ${p}`);
  }
  const count = Math.floor(Math.log(least) / Math.log1p(-p)) + 1;
  return Array.from({ length: count }, (_, j) => (1 - p) ** j);
}

function poissonTail(rate: number): number[] {
  if (!(rate >= leastTail && rate <= 100)) {
    throw new UsageError(
      `roulette: expected a Poisson tail with ${leastTail} ≤ rate ≤ 100, got ${rate}`,
    );
  }
  const masses = [Math.exp(-rate)];
  for (let i = 1; i <= rate || masses.at(-1)! > least ** 2; i++) {
    masses.push((masses.at(-1)! * rate) / i);
  }
  // From the smallest on, so that nothing cancels.
  const tails: number[] = [];
  masses.reduceRight((sum, mass) => {
    tails.unshift(sum + mass);
    return sum + mass;
  }, 0);
  return tails.slice(1).filter((probability) => probability >= least);
}

/** Uniform on [0, 1), a multiple of 2⁻⁴⁸ near 0, for the whole batch: a scalar. */
function fineUniform(ctx: Context): Tensor {
  return add(ctx.noise("uniform", []), mul(ctx.noise("uniform", []), 2 ** -24));
}

const first = (values: Tensor): Tensor => reshape(slice(values, 0, 0, 1), []);

/** Without the first value, and with a 0 at the end. */
function shifted(values: Tensor): Tensor {
  const count = axisSize(values, 0);
  const end = constant(0, [1]);
  return count === 1 ? end : concat([slice(values, 0, 1, count), end], 0);
}
