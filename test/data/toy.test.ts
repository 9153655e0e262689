import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sampleToy, toyNames, type ToyName } from "../../src/data/toy.js";
import { UsageError } from "../../src/errors.js";
import { Random } from "../../src/random.js";

const count = 20_000;
const random = Random.fromSeed(3);

function points(name: ToyName): { x: number; y: number; radius: number }[] {
  const { data } = sampleToy(name, count, random);
  return Array.from({ length: count }, (_, i) => {
    const [x, y] = [data[2 * i]!, data[2 * i + 1]!];
    return { x, y, radius: Math.hypot(x, y) };
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((total, x) => total + x, 0) / values.length;
}

/** Share of the points within `width` of their nearest value of `centres`, and shares of each. */
function nearest(values: readonly number[], centres: readonly number[], width: number) {
  const index = values.map((x) => {
    const gaps = centres.map((c) => Math.abs(x - c));
    return gaps.indexOf(Math.min(...gaps));
  });
  const close = values.filter((x, i) => Math.abs(x - centres[index[i]!]!) < width);
  const shares = centres.map((_, c) => index.filter((i) => i === c).length / values.length);
  return { close: close.length / values.length, shares };
}

function assertEven(shares: readonly number[]): void {
  for (const share of shares) assert.ok(Math.abs(share * shares.length - 1) < 0.1, shares.join());
}

describe("sampleToy", () => {
  it("knows the eight usual densities", () => {
    assert.deepEqual([...toyNames].sort(), [
      "2spirals",
      "8gaussians",
      "checkerboard",
      "circles",
      "moons",
      "pinwheel",
      "rings",
      "swissroll",
    ]);
  });

  // Means and standard deviations of the reference formulas, by NumPy, 2·10⁶ points.
  const moments: Record<ToyName, readonly [number, number, number, number]> = {
    "8gaussians": [0, 0, 2.031, 2.031],
    "2spirals": [0, 0, 1.611, 1.584],
    checkerboard: [0, 0, 2.309, 2.309],
    circles: [0, 0, 1.694, 1.694],
    moons: [0, 0.3, 1.744, 1.008],
    pinwheel: [0, 0, 1.484, 1.484],
    rings: [0, 0, 1.455, 1.455],
    swissroll: [0.399, 0.044, 1.34, 1.403],
  };
  for (const name of toyNames) {
    it(`${name}: finite, seeded, with the moments of its formula`, () => {
      const sample = sampleToy(name, count, random);
      assert.deepEqual(sample.shape, [count, 2]);
      assert.ok(sample.data.every((x) => Math.abs(x) < 7));
      assert.deepEqual(sampleToy(name, count, random), sample);
      assert.deepEqual(sampleToy(name, 10, random).data, sample.data.slice(0, 20));
      assert.notDeepEqual(sampleToy(name, count, random.split(1)), sample);
      const p = points(name);
      const [mx, my] = [mean(p.map(({ x }) => x)), mean(p.map(({ y }) => y))];
      const sx = Math.sqrt(mean(p.map(({ x }) => (x - mx) ** 2)));
      const sy = Math.sqrt(mean(p.map(({ y }) => (y - my) ** 2)));
      [mx, my, sx, sy].forEach((value, i) => {
        assert.ok(Math.abs(value - moments[name][i]!) < 0.06, `${[mx, my, sx, sy]}`);
      });
    });
  }

  it("puts Gaussians at eight points of a circle, evenly", () => {
    const angles = points("8gaussians").map(({ x, y }) => Math.atan2(y, x) / (Math.PI / 4) + 4.5);
    assertEven(
      nearest(
        angles.map((a) => Math.floor(a) % 8),
        [0, 1, 2, 3, 4, 5, 6, 7],
        0.5,
      ).shares,
    );
    const radii = points("8gaussians").map(({ radius }) => radius);
    assert.ok(Math.abs(mean(radii) - 4 / Math.SQRT2) < 0.05);
  });

  it("fills the dark squares of a board, evenly", () => {
    const squares = points("checkerboard").map(({ x, y }) => [
      Math.floor(x / 2) + 2,
      Math.floor(y / 2) + 2,
    ]);
    assert.ok(squares.every(([i, j]) => (i! + j!) % 2 === 0));
    assertEven(
      nearest(
        squares.map(([i, j]) => 4 * i! + j!),
        [0, 2, 5, 7, 8, 10, 13, 15],
        1,
      ).shares,
    );
  });

  it("draws rings and circles of the right radii, evenly", () => {
    for (const [name, radii, width] of [
      ["rings", [0.75, 1.5, 2.25, 3], 0.3],
      ["circles", [1.5, 3], 0.8],
    ] as const) {
      const { close, shares } = nearest(
        points(name).map(({ radius }) => radius),
        radii,
        width,
      );
      assert.ok(close > 0.995, `${name}: ${close}`);
      assertEven(shares);
    }
  });

  it("draws two arms that are one another's point reflection", () => {
    // Radius and angle of arm one: radius = t/3, angle = π − t.
    const offsets = points("2spirals")
      .filter(({ radius }) => radius > 1)
      .map(({ x, y, radius }) => {
        const turns = (Math.PI - Math.atan2(y, x) - 3 * radius) / Math.PI;
        return Math.abs(turns - Math.round(turns));
      });
    assert.ok(mean(offsets) < 0.12, `${mean(offsets)}`);
  });

  it("draws a roll whose radius grows with the angle", () => {
    const offsets = points("swissroll").map(({ x, y, radius }) => {
      const turns = (5 * radius - Math.atan2(y, x)) / (2 * Math.PI);
      return Math.abs(turns - Math.round(turns));
    });
    assert.ok(mean(offsets) < 0.15, `${mean(offsets)}`);
  });

  it("draws two half circles", () => {
    const gaps = points("moons").map(({ x, y }) =>
      Math.min(Math.abs(Math.hypot(x + 1, y + 0.2) - 2), Math.abs(Math.hypot(x - 1, y - 0.8) - 2)),
    );
    assert.ok(gaps.filter((gap) => gap < 0.6).length / count > 0.995);
  });

  it("draws five blades, the same after a fifth of a turn", () => {
    const fifth = (2 * Math.PI) / 5;
    // Along a blade, the angle falls by exp(radius/2)/4.
    const blades = points("pinwheel").map(
      ({ x, y, radius }) => (-Math.atan2(y, x) - 0.25 * Math.exp(radius / 2)) / fifth,
    );
    assert.ok(mean(blades.map((blade) => Math.abs(blade - Math.round(blade)))) < 0.1);
    const indices = blades.map((blade) => (Math.round(blade) + 50) % 5);
    assertEven(nearest(indices, [0, 1, 2, 3, 4], 0.5).shares);
  });

  it("lists the names on a wrong one", () => {
    for (const name of ["moon", "", "constructor", "toString"]) {
      assert.throws(
        () => sampleToy(name, 1, random),
        (error: unknown) => {
          assert.ok(error instanceof UsageError);
          assert.match(error.message, /8gaussians.*swissroll.*, got/);
          return true;
        },
      );
    }
  });
});
