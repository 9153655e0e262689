import { graph, vjp, type LogDetEstimator, type Tensor } from "iresnet";

const { abs, add, broadcast, literal, log, mul, slice, sub, sumEvent } = graph;

/**
 * ln|det(I + J)| of maps of the plane, from the four entries of the Jacobian. The library's `exact`
 * assumes that blocks contract; this holds for any of them.
 */
export const planeLogDet: LogDetEstimator = (_g, x, gx) => {
  const unit = (...of: [number, number]): Tensor => broadcast(literal(of, [1, 2]), x.shape);
  const [first, second] = [vjp(gx, x, unit(1, 0)), vjp(gx, x, unit(0, 1))];
  const entry = (row: Tensor, column: 0 | 1): Tensor => slice(row, 1, column, column + 1);
  const diagonal = mul(add(entry(first, 0), 1), add(entry(second, 1), 1));
  return sumEvent(log(abs(sub(diagonal, mul(entry(first, 1), entry(second, 0))))));
};
