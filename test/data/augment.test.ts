import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { augment, crop, warp, type Affine, type Augmentation } from "../../src/data/augment.js";
import { ShapeError, UsageError } from "../../src/errors.js";
import { Random } from "../../src/random.js";
import type { NDArray } from "../../src/tree.js";

const random = Random.fromSeed(5);
const still: Affine = { right: 0, down: 0, rotation: 0, scale: 1, shear: 0 };
const upright = { right: 0, down: 0, flip: false };

function images(b: number, c: number, h: number, w: number): NDArray {
  return {
    shape: [b, c, h, w],
    data: random.uniform(b * c * h * w).map((u) => Math.floor(256 * u)),
  };
}

/** x[b, c, row + down, column + right], 0 outside. */
function moved(x: NDArray, down: number, right: number): NDArray {
  const [, , h, w] = x.shape as [number, number, number, number];
  const data = x.data.map((_, i) => {
    const row = (Math.floor(i / w) % h) + down;
    const column = (i % w) + right;
    const inside = row >= 0 && row < h && column >= 0 && column < w;
    return inside ? x.data[i + down * w + right]! : 0;
  });
  return { shape: x.shape, data };
}

function near(actual: NDArray, expected: NDArray, tolerance: number): void {
  assert.deepEqual(actual.shape, expected.shape);
  const worst = Math.max(...actual.data.map((v, i) => Math.abs(v - expected.data[i]!)));
  assert.ok(worst <= tolerance, `off by ${worst}`);
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, v) => total + v, 0) / values.length;
}

describe("warp", () => {
  const x = images(2, 3, 5, 8);

  it("is exactly the identity if nothing changes", () => {
    assert.deepEqual(warp(x, [still, still]), x);
  });

  it("shifts by whole pixels exactly, each image by its own", () => {
    const shifts = [
      { ...still, right: 2, down: -1 },
      { ...still, right: -9, down: 3 },
    ];
    const half = x.data.length / 2;
    const expected = [moved(x, 1, -2).data.subarray(0, half), moved(x, -3, 9).data.subarray(half)];
    assert.deepEqual(warp(x, shifts).data, Float32Array.from(expected.flatMap((d) => [...d])));
  });

  it("interpolates half a pixel", () => {
    const row = { shape: [1, 1, 1, 3], data: Float32Array.of(10, 20, 60) };
    assert.deepEqual([...warp(row, [{ ...still, right: 0.5 }]).data], [5, 15, 40]);
    const column = { shape: [1, 1, 3, 1], data: row.data };
    assert.deepEqual([...warp(column, [{ ...still, down: -0.5 }]).data], [15, 40, 30]);
  });

  it("turns by a quarter, from right towards down", () => {
    const square = { shape: [1, 1, 2, 2], data: Float32Array.of(1, 2, 3, 4) };
    const turned = warp(square, [{ ...still, rotation: Math.PI / 2 }]);
    near(turned, { shape: square.shape, data: Float32Array.of(3, 1, 4, 2) }, 1e-5);
  });

  it("scales and shears about the centre", () => {
    const row = { shape: [1, 1, 1, 5], data: Float32Array.of(0, 10, 20, 30, 40) };
    assert.deepEqual([...warp(row, [{ ...still, scale: 2 }]).data], [10, 15, 20, 25, 30]);
    const column = { shape: [1, 1, 3, 3], data: Float32Array.of(0, 1, 0, 0, 1, 0, 0, 1, 0) };
    const sheared = [...warp(column, [{ ...still, shear: 1 }]).data];
    assert.deepEqual(sheared, [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });

  it("undoes a smooth image's change by the opposite one", () => {
    const data = Float32Array.from({ length: 3600 }, (_, i) => {
      const [dx, dy] = [(i % 60) - 29.5, Math.floor(i / 60) - 29.5];
      return 255 * Math.exp(-((dx - 2) ** 2 + (dy + 1) ** 2) / 100);
    });
    const smooth = { shape: [1, 1, 60, 60], data };
    const there = warp(smooth, [{ ...still, rotation: 0.3, scale: 1.1 }]);
    near(warp(there, [{ ...still, rotation: -0.3, scale: 1 / 1.1 }]), smooth, 5);
    assert.throws(() => {
      near(there, smooth, 20);
    });
  });
});

describe("crop", () => {
  const x = images(1, 3, 4, 6);

  it("moves the window by whole pixels", () => {
    assert.deepEqual(crop(x, [upright]), x);
    assert.deepEqual(crop(x, [{ ...upright, right: 2, down: -1 }]), moved(x, -1, 2));
    assert.deepEqual(crop(x, [{ ...upright, right: -7, down: 4 }]), moved(x, 4, -7));
  });

  it("mirrors left to right, twice is the identity", () => {
    const flip = { ...upright, flip: true };
    const flipped = crop(x, [flip]);
    assert.deepEqual([...flipped.data.subarray(6, 12)], [...x.data.subarray(6, 12)].reverse());
    assert.deepEqual(crop(flipped, [flip]), x);
    assert.deepEqual(
      crop(x, [{ right: 1, down: 2, flip: true }]),
      crop(crop(x, [{ ...upright, right: 1, down: 2 }]), [flip]),
    );
  });
});

describe("augment", () => {
  const affine = { kind: "affine", shift: 2, rotation: 0.2, scale: 0.12, shear: 0.15 } as const;
  const cropping = { kind: "crop", pad: 4, flip: true } as const;
  const x = images(4, 3, 8, 8);

  it("leaves images as they are if told so", () => {
    const zero: Augmentation[] = [
      { kind: "none" },
      { kind: "affine", shift: 0, rotation: 0, scale: 0, shear: 0 },
      { kind: "crop", pad: 0, flip: false },
    ];
    for (const augmentation of zero) assert.deepEqual(augment(x, augmentation, random), x);
  });

  it("is a function of the key, changes each image its own way, and not its input", () => {
    const same: NDArray = {
      shape: [64, 1, 8, 8],
      data: Float32Array.from({ length: 4096 }, (_, i) => i % 64),
    };
    const before = same.data.slice();
    for (const augmentation of [affine, cropping]) {
      const varied = augment(same, augmentation, random);
      assert.deepEqual(augment(same, augmentation, random), varied);
      assert.notDeepEqual(augment(same, augmentation, random.split(1)), varied);
      const kinds = Array.from({ length: 64 }, (_, b) =>
        varied.data.slice(64 * b, 64 * b + 64).join(),
      );
      assert.ok(new Set(kinds).size > 40);
      assert.deepEqual(same.data, before);
    }
  });

  it("varies an example by its place in the batch, whatever part of it is there", () => {
    const ways: Augmentation[] = [
      affine,
      cropping,
      { kind: "noise", scale: 1 },
      { kind: "translate", by: 2 },
      { kind: "cutout", size: 3, value: 0 },
      { kind: "flip", alternate: false },
      { kind: "flip", alternate: true },
    ];
    for (const way of [...ways, { kind: "several", of: ways } as Augmentation]) {
      const examples = (first: number) => ({
        indices: [0, 1, 2, 3].slice(first).map((i) => 5 * i),
        epoch: 1,
        random,
      });
      const whole = augment(x, way, random, examples(0));
      const part = { shape: [1, ...x.shape.slice(1)], data: x.data.slice(3 * 192) };
      const varied = augment(part, way, random, examples(3), 3);
      assert.deepEqual(varied.data, whole.data.slice(3 * 192), way.kind);
    }
  });

  it("moves a dot's centre by nothing on average, within the range", () => {
    const data = new Float32Array(21 * 21);
    data[10 * 21 + 10] = 255;
    const dot = { shape: [1, 1, 21, 21], data };
    const centres = Array.from({ length: 400 }, (_, seed) => {
      const { data: out } = augment(dot, { ...affine, shear: 0, scale: 0 }, random.split(seed));
      const total = mean(out);
      return [
        mean(out.map((v, i) => v * ((i % 21) - 10))),
        mean(out.map((v, i) => v * (i / 21 - 10))),
      ].map((moment) => moment / total);
    });
    for (const axis of [0, 1]) {
      const shifts = centres.map((centre) => centre[axis]! - (axis === 1 ? 10 / 21 : 0));
      assert.ok(Math.abs(mean(shifts)) < 0.25, `${mean(shifts)}`);
      assert.ok(Math.max(...shifts) > 1.5 && Math.min(...shifts) < -1.5);
      assert.ok(shifts.every((shift) => Math.abs(shift) < 2.7));
    }
  });

  it("crops every window as often and mirrors half of the images", () => {
    const many: NDArray = { shape: [9000, 1, 3, 3], data: new Float32Array(81_000) };
    for (let b = 0; b < 9000; b++) many.data.set([1, 2, 3, 4, 5, 6, 7, 8, 9], 9 * b);
    const { data } = augment(many, { kind: "crop", pad: 1, flip: true }, random);
    const seen = new Map<string, number>();
    for (let b = 0; b < 9000; b++) {
      const key = data.subarray(9 * b, 9 * b + 9).join();
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    assert.equal(seen.size, 18);
    for (const n of seen.values()) assert.ok(Math.abs(n - 500) < 100, `${n}`);
  });

  it("rejects impossible ranges and shapes", () => {
    const wrong: Augmentation[] = [
      { ...affine, shift: -1 },
      { ...affine, rotation: NaN },
      { ...affine, scale: 1 },
      { ...affine, shear: Infinity },
      { ...cropping, pad: -1 },
      { ...cropping, pad: 0.5 },
    ];
    for (const augmentation of wrong) {
      assert.throws(() => augment(x, augmentation, random), UsageError);
    }
    const flat: NDArray = { shape: [4, 192], data: x.data };
    assert.throws(() => augment(flat, affine, random), ShapeError);
    assert.throws(() => augment(flat, cropping, random), ShapeError);
  });
});
