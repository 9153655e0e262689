import { expectKind } from "../border/kinds.js";
import { roundedUp } from "./rounding.js";

export interface InverseStep {
  /** L, a bound on Lip(g). */
  readonly lipschitz: number;
  /** |x − x'|₂ of the last iterate x = y − g(x') and the one before. */
  readonly step: number;
  /** How far the computed x may be from y − g(x') by rounding, |·|₂; 0 unless given. */
  readonly rounding?: number;
}

/**
 * Bound on |x − f⁻¹(y)|₂ for f(x) = x + g(x), in the unit of the step: (L·step + rounding)/(1 − L).
 * It is a certificate where L is one; infinite unless L < 1.
 *
 * @see Behrmann et al. 2019, section 2.2, https://arxiv.org/abs/1811.00995
 */
export function inverseErrorBound(iteration: InverseStep): number {
  expectKind(iteration, "object", "inverseErrorBound");
  const { lipschitz, step, rounding = 0 } = iteration;
  if (!(lipschitz < 1)) return Infinity;
  return roundedUp((lipschitz * step + rounding) / (1 - lipschitz));
}
