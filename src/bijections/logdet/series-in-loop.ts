import { vjp } from "../../autodiff/vjp.js";
import {
  add,
  axisSize,
  constant,
  div,
  loop,
  mul,
  neg,
  sumEvent,
  type Tensor,
} from "../../graph/index.js";
import type { LogDetEstimator } from "../../nn/index.js";

/**
 * The power series of one probe, as {@link powerSeries} gives it, by a loop in the graph: as large for
 * 100 terms as for one. It has no gradient.
 *
 * @param terms of the series, at least 1
 */
export function seriesInLoop(terms: number): LogDetEstimator {
  return (_g, x, gx, ctx) => {
    const probe = ctx.noise("rademacher", x.shape);
    const start: Record<"vJ" | "total" | "k" | "sign", Tensor> = {
      vJ: probe,
      total: constant(0, [axisSize(x, 0)]),
      k: constant(1),
      sign: constant(1),
    };
    const { total } = loop(start, {
      next: ({ vJ, total, k, sign }) => {
        const next = vjp(gx, x, vJ);
        const trace = sumEvent(mul(next, probe));
        return {
          vJ: next,
          total: add(total, mul(trace, div(sign, k))),
          k: add(k, 1),
          sign: neg(sign),
        };
      },
      goOn: () => constant(1),
      steps: terms,
    });
    return total;
  };
}
