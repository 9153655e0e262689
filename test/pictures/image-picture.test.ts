import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decode } from "fast-png";
import { ShapeError } from "../../src/errors.js";
import { colorOf, NOT_A_NUMBER } from "../../src/pictures/color-map.js";
import { imagesPicture, reconstructionsPicture } from "../../src/pictures/image-picture.js";
import { ndarray } from "../../src/tree.js";

function labels(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]!);
}

/** The embedded pictures, each as its width and its pixels from the top left. */
function pngs(svg: string): { readonly width: number; readonly pixels: number[][] }[] {
  return [...svg.matchAll(/base64,([^"]+)"/g)].map(([, text]) => {
    const { width, height, data } = decode(Buffer.from(text!, "base64"));
    const pixels = Array.from({ length: width * height }, (_, i) => [
      ...data.slice(3 * i, 3 * i + 3),
    ]);
    return { width, pixels };
  });
}

describe("imagesPicture", () => {
  it("has a title, and a name over each column", () => {
    const images = ndarray([1, 2, 3, 4], [4, 1, 1, 1]);
    const svg = imagesPicture("Four <samples>", images, ["cat", "dog"]);
    assert.deepEqual(labels(svg), ["Four &lt;samples&gt;", "cat", "dog"]);
    assert.equal(pngs(svg)[0]?.width, 3, "two images of one pixel and a gap between them");
  });

  it("is near a square without names", () => {
    assert.equal(pngs(imagesPicture("All", ndarray([1, 2, 3, 4, 5], [5, 1, 1, 1])))[0]?.width, 5);
  });
});

describe("reconstructionsPicture", () => {
  const originals = ndarray([100, 200, 0], [3, 1, 1, 1]);

  it("labels its rows, and scales differences to the largest, which it says", () => {
    const svg = reconstructionsPicture(
      "And back",
      originals,
      ndarray([100, 199, 0.5], [3, 1, 1, 1]),
    );
    const texts = labels(svg);
    assert.match(texts[1]!, /^Originals/);
    assert.match(texts[2]!, /^Reconstructions/);
    assert.match(texts[3]!, /^Differences/);
    assert.ok(texts.includes("0.0039 (NaN is gray)"), texts.join());
    const [, , differences] = pngs(svg);
    const [none, , largest, , half] = differences!.pixels;
    assert.deepEqual(
      [none, largest, half],
      [0, 1, 0.5].map((at) => [...colorOf(at)]),
    );
  });

  it("takes the largest of a pixel's channels, and shows what isn't finite", () => {
    const colored = ndarray([10, 20, 30, 10, 20, 30, 0, 0, 0], [3, 3, 1, 1]);
    const back = ndarray([10, 275, 30, NaN, 20, 30, 0, 0, Infinity], [3, 3, 1, 1]);
    const svg = reconstructionsPicture("And back", colored, back);
    const [first, , second, , third] = pngs(svg)[2]!.pixels;
    assert.deepEqual([first, second, third], [[...colorOf(1)], [...NOT_A_NUMBER], [...colorOf(1)]]);
    assert.ok(labels(svg).includes("1 or more (NaN is gray)"));
  });

  it("says when nothing differs, and refuses two shapes", () => {
    assert.ok(
      labels(reconstructionsPicture("Same", originals, originals)).includes(
        "no difference (NaN is gray)",
      ),
    );
    assert.throws(
      () => reconstructionsPicture("Two", originals, ndarray([1, 2, 3], [1, 1, 1, 3])),
      ShapeError,
    );
  });
});
