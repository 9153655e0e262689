import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { ndarray } from "../../src/index.js";
import { nodeEngine, openRunner } from "../../src/node.js";
import { siteModule } from "./site-modules.js";

const pretrained = fileURLToPath(new URL("../../../pretrained/", import.meta.url));

type Strokes = readonly (readonly number[])[];
interface DigitImages {
  digitImage(strokes: Strokes): Uint8ClampedArray | undefined;
  centreOfMass(ink: ArrayLike<number>): [x: number, y: number];
}

/** First and last rows and columns that have ink. */
function inked(pixels: Uint8ClampedArray): { width: number; height: number } {
  const at = [...pixels.keys()].filter((i) => pixels[i]! > 0);
  const [xs, ys] = [at.map((i) => i % 28), at.map((i) => Math.floor(i / 28))];
  const size = (values: number[]): number => Math.max(...values) - Math.min(...values) + 1;
  return { width: size(xs), height: size(ys) };
}

function largestDifference(a: Uint8ClampedArray, b: Uint8ClampedArray): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

describe("a drawing as an image of MNIST", () => {
  let images: DigitImages;
  let digits: readonly Strokes[];
  before(async () => {
    images = await siteModule<DigitImages>("work/digit-image.ts");
    digits = (await siteModule<{ digitStrokes: readonly Strokes[] }>("work/digit-strokes.ts"))
      .digitStrokes;
  });

  it("fills a box of 20 pixels about the centre of mass", () => {
    for (const [digit, strokes] of digits.entries()) {
      const pixels = images.digitImage(strokes)!;
      assert.equal(pixels.length, 784);
      const [x, y] = images.centreOfMass(pixels);
      // MNIST's 10,000 test images have it within 0.01 of (14.5, 14.5) in the mean.
      assert.ok(Math.abs(x - 14.5) < 0.1 && Math.abs(y - 14.5) < 0.1, `${digit}: ${x}, ${y}`);
      const { width, height } = inked(pixels);
      const longer = Math.max(width, height);
      assert.ok(longer >= 19 && longer <= 22, `${digit}: ${width}x${height}`);
    }
  });

  it("is the same wherever and however large the drawing is, but not if it is stretched", () => {
    const [strokes] = [digits[4]!];
    const pixels = images.digitImage(strokes)!;
    const changed = (x: number, y: number): Strokes =>
      strokes.map((stroke) => stroke.map((v, i) => 7 + v * (i % 2 === 0 ? x : y)));
    assert.ok(largestDifference(images.digitImage(changed(280, 280))!, pixels) <= 1);
    assert.ok(largestDifference(images.digitImage(changed(0.01, 0.01))!, pixels) <= 1);
    const wide = images.digitImage(changed(3, 1))!;
    assert.ok(largestDifference(wide, pixels) > 100);
    assert.ok(inked(wide).width > 1.5 * inked(wide).height);
  });

  it("is read by the shipped classifier, which has seen no drawing of ours", async () => {
    const engine = await nodeEngine({ threads: 1 });
    const runner = await openRunner(`${pretrained}mnist-classifier.safetensors`, { engine });
    const pixels = digits.flatMap((strokes) => [...images.digitImage(strokes)!]);
    const { data } = await runner.predict(ndarray(pixels, [10, 1, 28, 28]));
    for (let digit = 0; digit < 10; digit++) {
      const p = data[11 * digit]!;
      assert.ok(p > 0.9, `a ${digit} is one by ${p}`);
    }
    await runner.close();
    await engine.close();
  });

  it("makes a dot of a point, and nothing of nothing", () => {
    const dot = images.digitImage([[3, 4]])!;
    assert.deepEqual(images.centreOfMass(dot), [14.5, 14.5]);
    const { width, height } = inked(dot);
    assert.ok(width <= 4 && width === height);
    assert.equal(images.digitImage([]), undefined);
    assert.equal(images.digitImage([[]]), undefined);
  });
});
