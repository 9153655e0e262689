import { ShapeError } from "../../errors.js";
import type { NumberArray } from "../../tree.js";

/** A rectangle of the plane, shown with y upwards. */
export interface Bounds {
  readonly x: readonly [low: number, high: number];
  readonly y: readonly [low: number, high: number];
}

export type Point = readonly [x: number, y: number];

/**
 * The points of an array.
 * @throws {ShapeError} if it isn't `[m, 2]`.
 */
export function pointsOf(points: NumberArray, where: string): Point[] {
  if (points.shape.length !== 2 || points.shape[1] !== 2) {
    throw new ShapeError(`${where}: expected [m, 2], got [${points.shape}]`);
  }
  return Array.from({ length: points.shape[0]! }, (_, i) => [
    points.data[2 * i]!,
    points.data[2 * i + 1]!,
  ]);
}

export function isFinitePoint([x, y]: Point): boolean {
  return Number.isFinite(x) && Number.isFinite(y);
}

/** The square around the finite points, 4 % wider than they need; [-1, 1]² without any. */
export function boundsOf(points: readonly Point[]): Bounds {
  const x = middle(points.filter(isFinitePoint).map((point) => point[0]));
  const y = middle(points.filter(isFinitePoint).map((point) => point[1]));
  const reach = 1.04 * Math.max(x.reach, y.reach) || 1;
  return { x: [x.center - reach, x.center + reach], y: [y.center - reach, y.center + reach] };
}

function middle(values: readonly number[]): { center: number; reach: number } {
  if (values.length === 0) return { center: 0, reach: 0 };
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return { center: (low + high) / 2, reach: (high - low) / 2 };
}

/** Where a point of `bounds` lies in a square picture of `size` pixels. */
export function toPixel([x, y]: Point, bounds: Bounds, size: number): Point {
  const right = (x - bounds.x[0]) / (bounds.x[1] - bounds.x[0]);
  const up = (y - bounds.y[0]) / (bounds.y[1] - bounds.y[0]);
  return [size * right, size * (1 - up)];
}
