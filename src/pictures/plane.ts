import { ShapeError } from "../errors.js";
import type { NumberArray } from "../tree.js";

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

/** Where a point of `bounds` lies in a square picture of `size` pixels. */
export function toPixel([x, y]: Point, bounds: Bounds, size: number): Point {
  const right = (x - bounds.x[0]) / (bounds.x[1] - bounds.x[0]);
  const up = (y - bounds.y[0]) / (bounds.y[1] - bounds.y[0]);
  return [size * right, size * (1 - up)];
}
