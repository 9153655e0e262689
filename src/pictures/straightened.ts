import { isFinitePoint, type Point } from "./plane.js";

/**
 * A line without the points that lie within `tolerance` of the straight line between their
 * neighbours that stay. What isn't finite stays, as a gap.
 *
 * @see Ramer 1972, https://doi.org/10.1016/S0146-664X(72)80017-0
 */
export function straightened(points: readonly Point[], tolerance: number): Point[] {
  const stays = points.map((point) => !isFinitePoint(point));
  let from = 0;
  for (let i = 0; i <= points.length; i++) {
    if (i < points.length && isFinitePoint(points[i]!)) continue;
    if (i > from) keep(points, stays, [from, i - 1], tolerance);
    from = i + 1;
  }
  return points.filter((_, i) => stays[i]);
}

/** Marks which points of a piece without gaps stay. */
function keep(
  points: readonly Point[],
  stays: boolean[],
  piece: readonly [first: number, last: number],
  tolerance: number,
): void {
  const pieces = [piece];
  for (let next = pieces.pop(); next; next = pieces.pop()) {
    const [first, last] = next;
    stays[first] = stays[last] = true;
    let [furthest, distance] = [first, tolerance];
    for (let i = first + 1; i < last; i++) {
      const own = distanceTo(points[i]!, points[first]!, points[last]!);
      if (own > distance) [furthest, distance] = [i, own];
    }
    if (furthest > first) pieces.push([first, furthest], [furthest, last]);
  }
}

/** From a point to the segment from a to b. */
function distanceTo([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1);
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}
