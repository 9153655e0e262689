import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { augment, keepsWhole, type OneAugmentation } from "../../src/data/augment.js";
import { cutout } from "../../src/data/cutout.js";
import { alternatingFlips, flip } from "../../src/data/flip.js";
import { translate } from "../../src/data/translate.js";
import { ShapeError, UsageError } from "../../src/errors.js";
import { Random } from "../../src/random.js";
import { ndarray, type NDArray } from "../../src/tree.js";

const random = Random.fromSeed(8);

/** Images of 1, 2, 3, … in each channel's pixels, plus 100 for each channel. */
function counted(b: number, c: number, h: number, w: number): NDArray {
  return ndarray(
    Array.from({ length: b * c * h * w }, (_, i) => {
      const channel = Math.floor(i / (h * w)) % c;
      return 1 + (i % (h * w)) + 100 * channel;
    }),
    [b, c, h, w],
  );
}

/** How often each image of equal ones comes out. */
function tally({ data }: NDArray, size: number): Map<string, number> {
  const seen = new Map<string, number>();
  for (let at = 0; at < data.length; at += size) {
    const key = data.subarray(at, at + size).join();
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  return seen;
}

describe("translate", () => {
  it("mirrors what comes in, without the edge once more", () => {
    const row = ndarray([1, 2, 3, 4], [1, 1, 1, 4]);
    const at = (right: number): number[] => [...translate(row, [{ right, down: 0 }]).data];
    assert.deepEqual(at(0), [1, 2, 3, 4]);
    assert.deepEqual(at(2), [3, 4, 3, 2]);
    assert.deepEqual(at(-3), [4, 3, 2, 1]);
  });

  it("moves each image by its own offset, all channels alike", () => {
    const x = counted(2, 2, 3, 2);
    const { data } = translate(x, [
      { right: 0, down: 0 },
      { right: 1, down: -1 },
    ]);
    assert.deepEqual(data.subarray(0, 12), x.data.subarray(0, 12));
    assert.deepEqual([...data.subarray(12, 18)], [4, 3, 2, 1, 4, 3]);
    assert.deepEqual([...data.subarray(18)], [104, 103, 102, 101, 104, 103]);
  });

  it("draws every offset as often", () => {
    const varied = augment(
      ndarray(
        Array.from({ length: 9000 }, () => [1, 2, 3, 4, 5, 6, 7, 8, 9]).flat(),
        [9000, 1, 3, 3],
      ),
      { kind: "translate", by: 1 },
      random,
    );
    const seen = tally(varied, 9);
    assert.equal(seen.size, 9);
    for (const n of seen.values()) assert.ok(Math.abs(n - 1000) < 120, `${n}`);
  });

  it("refuses to move by the whole image or by parts of a pixel", () => {
    const x = counted(1, 1, 3, 8);
    assert.throws(() => translate(x, [{ right: 0, down: 3 }]), UsageError);
    assert.throws(() => augment(x, { kind: "translate", by: 1.5 }, random), UsageError);
  });
});

describe("cutout", () => {
  it("fills the part of the square that lies inside, in every channel", () => {
    const x = counted(2, 2, 2, 3);
    const corners = [
      { row: -1, column: 1 },
      { row: 5, column: -9 },
    ];
    const { data } = cutout(x, corners, { size: 2, value: -7 });
    assert.deepEqual([...data.subarray(0, 12)], [1, -7, -7, 4, 5, 6, 101, -7, -7, 104, 105, 106]);
    assert.deepEqual(data.subarray(12), x.data.subarray(12));
    assert.equal(x.data[1], 2, "the input stays as it was");
  });

  it("puts the middle of the square on every pixel as often", () => {
    const blank = ndarray(new Float32Array(8000 * 12).fill(1), [8000, 1, 3, 4]);
    const seen = tally(augment(blank, { kind: "cutout", size: 1, value: 0 }, random), 12);
    assert.equal(seen.size, 12);
    for (const n of seen.values()) assert.ok(Math.abs(n - 8000 / 12) < 110, `${n}`);
    const wide = augment(blank, { kind: "cutout", size: 3, value: 0 }, random);
    // 4, 6 or 9 pixels of a square whose middle is inside.
    const lost = [...tally(wide, 12).keys()].map((image) =>
      image.split(",").filter((v) => v === "0"),
    );
    assert.deepEqual([...new Set(lost.map(({ length }) => length))].sort(), [4, 6, 9]);
  });

  it("refuses parts of a pixel and no value", () => {
    const x = counted(1, 1, 3, 3);
    assert.throws(() => augment(x, { kind: "cutout", size: 0.5, value: 0 }, random), UsageError);
    assert.throws(() => augment(x, { kind: "cutout", size: 1, value: NaN }, random), UsageError);
  });
});

describe("flip", () => {
  it("mirrors left to right those it is told to", () => {
    const x = counted(2, 2, 2, 3);
    const { data } = flip(x, [false, true]);
    assert.deepEqual(data.subarray(0, 12), x.data.subarray(0, 12));
    assert.deepEqual([...data.subarray(12)], [3, 2, 1, 6, 5, 4, 103, 102, 101, 106, 105, 104]);
  });

  it("mirrors half of the images", () => {
    const x = ndarray(Array.from({ length: 2000 }, () => [1, 2]).flat(), [2000, 1, 1, 2]);
    const seen = tally(augment(x, { kind: "flip", alternate: false }, random), 2);
    assert.ok(Math.abs(seen.get("2,1")! - 1000) < 100);
  });

  it("alternates by the example, wherever it lies in its batch", () => {
    const indices = Array.from({ length: 1000 }, (_, i) => 7 * i);
    const at = (epoch: number) => alternatingFlips({ indices, epoch, random });
    const [first, second] = [at(0), at(1)];
    assert.deepEqual(
      second,
      first.map((is) => !is),
    );
    assert.deepEqual(at(2), first);
    assert.ok(Math.abs(first.filter(Boolean).length - 500) < 65);
    const few = alternatingFlips({ indices: [21, 7], epoch: 0, random });
    assert.deepEqual(few, [first[3], first[1]]);
    const other = alternatingFlips({ indices, epoch: 0, random: random.split("other") });
    assert.notDeepEqual(other, first);
  });

  it("alternates only where it knows the examples", () => {
    const x = counted(1, 1, 2, 2);
    assert.throws(() => augment(x, { kind: "flip", alternate: true }, random), UsageError);
  });
});

describe("several augmentations", () => {
  const x = counted(64, 3, 8, 8);
  const parts: readonly OneAugmentation[] = [
    { kind: "translate", by: 2 },
    { kind: "flip", alternate: true },
    { kind: "cutout", size: 3, value: 121 },
    { kind: "affine", shift: 1, rotation: 0.1, scale: 0.1, shear: 0.1 },
    { kind: "crop", pad: 1, flip: false },
  ];
  const examples = { indices: Array.from({ length: 64 }, (_, i) => i), epoch: 3, random };

  it("follow one another, each with numbers of its own, the input as it was", () => {
    const before = x.data.slice();
    const all = augment(x, { kind: "several", of: parts }, random, examples);
    let images = x;
    parts.forEach((part, i) => (images = augment(images, part, random.split(i), examples)));
    assert.deepEqual(all, images);
    assert.deepEqual(augment(x, { kind: "several", of: parts }, random, examples), all);
    assert.notDeepEqual(augment(x, { kind: "several", of: parts }, random.split(1), examples), all);
    assert.deepEqual(x.data, before);
    assert.deepEqual(augment(x, { kind: "several", of: [] }, random), x);
  });

  it("know whether pixels stay whole", () => {
    const whole = (of: readonly OneAugmentation[]): boolean => keepsWhole({ kind: "several", of });
    assert.ok(whole([parts[0]!, parts[1]!, parts[2]!, parts[4]!, { kind: "none" }]));
    assert.ok(!whole([parts[0]!, parts[3]!]));
    assert.ok(!keepsWhole({ kind: "cutout", size: 2, value: 120.7 }));
  });

  it("take images alone", () => {
    const flat: NDArray = { shape: [4, 192], data: x.data };
    for (const part of parts) {
      if (part.kind === "flip") continue;
      assert.throws(() => augment(flat, part, random, examples), ShapeError, part.kind);
    }
  });
});
