import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encode } from "fast-png";
import sharp from "sharp";
import { DataError, ShapeError } from "../../src/errors.js";
import { complexityScore, pngBits } from "../../src/measure/index.js";
import { Random } from "../../src/random.js";

const [height, width] = [24, 32];
const size = height * width;

/** An image `[1, 1, 24, 32]` of a function of its pixels. */
function image(of: (x: number, y: number) => number) {
  const data = new Uint8Array(size).map((_, i) => of(i % width, Math.floor(i / width)));
  return { shape: [1, 1, height, width], data };
}

const uniform = Random.fromSeed(1).uniform(size);
const noise = image((x, y) => 256 * uniform[y * width + x]!);
const flat = image(() => 77);
const ramp = image((x, y) => 3 * x + 4 * y);

/** Bytes of a PNG whose lines aren't filtered. */
function unfiltered({ data }: { readonly data: Uint8Array }): number {
  return encode({ width, height, data, channels: 1, depth: 8 }, { zlib: { level: 9 } }).length;
}

describe("pngBits", () => {
  it("is the length of a PNG file where filters don't help", () => {
    for (const one of [flat, noise]) assert.equal(pngBits(one)[0], 8 * unfiltered(one));
  });

  it("is shorter where they do, as another encoder's file is", async () => {
    const smooth = await sharp(noise.data, { raw: { width, height, channels: 1 } })
      .blur(3)
      .toColourspace("b-w")
      .raw()
      .toBuffer();
    const blurred = { shape: [1, 1, height, width], data: new Uint8Array(smooth) };
    for (const one of [ramp, blurred]) {
      const [bits = NaN] = pngBits(one);
      assert.ok(bits < 0.95 * 8 * unfiltered(one), String(bits));
      const { length } = await sharp(one.data, { raw: { width, height, channels: 1 } })
        .toColourspace("b-w")
        .png({ compressionLevel: 9, adaptiveFiltering: true })
        .toBuffer();
      assert.ok(bits <= 1.1 * 8 * length && bits >= 0.5 * 8 * length, `${bits} ${8 * length}`);
    }
  });

  it("grows from flat to noise, and counts each image of a batch alone", () => {
    const data = Uint8Array.of(...flat.data, ...ramp.data, ...noise.data);
    const bits = pngBits({ shape: [3, 1, height, width], data });
    assert.deepEqual(
      [...bits],
      [flat, ramp, noise].flatMap((one) => [...pngBits(one)]),
    );
    assert.ok(bits[0]! < bits[1]! && bits[1]! < bits[2]!);
    assert.ok(bits[2]! >= 8 * size);
  });

  it("sees colours that repeat: three equal planes take little more than one", () => {
    const data = Uint8Array.of(...noise.data, ...noise.data, ...noise.data);
    const colour = pngBits({ shape: [1, 3, height, width], data });
    assert.ok(colour[0]! > pngBits(noise)[0]! && colour[0]! < 3 * pngBits(noise)[0]!);
  });

  it("refuses other shapes and what isn't a pixel", () => {
    assert.throws(() => pngBits({ shape: [1, 2, 2, 2], data: new Uint8Array(8) }), ShapeError);
    assert.throws(() => pngBits({ shape: [1, 1, 1, 2], data: [0, 0.5] }), DataError);
  });
});

describe("complexityScore", () => {
  it("is bits under the model less bits compressed", () => {
    const score = complexityScore([-100 * Math.LN2, -60 * Math.LN2, NaN], [40, 80, 1]);
    assert.ok(Math.abs(score[0]! - 60) < 1e-9 && Math.abs(score[1]! + 20) < 1e-9);
    assert.ok(Number.isNaN(score[2]));
  });

  it("refuses lists of other lengths", () => {
    assert.throws(() => complexityScore([1, 2], [1]), ShapeError);
  });
});
