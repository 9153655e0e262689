import { toyData } from "../../src/data/index.js";

/**
 * How many points x, y, x, y, … are farther than 0.2 from each of 1,000 test points of the two moons. Of
 * 500 other points of the data 12 are, and 124 samples of a model that has learned a blob.
 */
export async function farFromMoons(points: readonly number[]): Promise<number> {
  const split = await toyData("moons").split("test");
  const { data } = split.take(Array.from({ length: 1000 }, (_, i) => i)).x;
  let count = 0;
  for (let at = 0; at < points.length; at += 2) {
    let least = Infinity;
    for (let i = 0; i < data.length; i += 2) {
      least = Math.min(least, Math.hypot(points[at]! - data[i]!, points[at + 1]! - data[i + 1]!));
    }
    if (least > 0.2) count++;
  }
  return count;
}
