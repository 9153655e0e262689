/** A point of the plane. */
export type Vector = readonly [number, number];

/** An iterate x, and f(x). */
export interface Evaluated {
  readonly x: Vector;
  readonly fx: Vector;
}

export const subtract = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1]];
export const length = (a: Vector): number => Math.hypot(a[0], a[1]);
const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1];

/**
 * The next iterate of x = f(x) by Anderson acceleration of depth 1: with r = f(x) − x, and Δ the change
 * since the iterate before, f(x) − θ·Δf(x), θ = ⟨r, Δr⟩/⟨Δr, Δr⟩. Were f linear, that leaves the least
 * of r on the line through both iterates. Without an iterate before, or where r hasn't changed, f(x).
 *
 * @see Walker and Ni 2011, https://doi.org/10.1137/10078356X
 */
export function andersonStep({ x, fx }: Evaluated, before?: Evaluated): Vector {
  if (!before) return fx;
  const r = subtract(fx, x);
  const dr = subtract(r, subtract(before.fx, before.x));
  const square = dot(dr, dr);
  if (square === 0) return fx;
  const theta = dot(r, dr) / square;
  const df = subtract(fx, before.fx);
  return [fx[0] - theta * df[0], fx[1] - theta * df[1]];
}
