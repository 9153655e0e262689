import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseIdx } from "../../src/data/idx.js";
import { throws } from "./fails.js";
import { idxBytes } from "./fixtures.js";

const pixels = Uint8Array.from({ length: 2 * 3 * 4 }, (_, i) => 255 - i);
const images = { name: "images", bytes: idxBytes([2, 3, 4], pixels) };
const labels = { name: "labels", bytes: idxBytes([2], [9, 0]) };
const parse =
  (i: Uint8Array, l = labels.bytes) =>
  () =>
    parseIdx({ name: "images", bytes: i }, { name: "labels", bytes: l }, 10);

describe("parseIdx", () => {
  it("reads images and labels", () => {
    assert.deepEqual(parseIdx(images, labels, 10), {
      x: { shape: [2, 1, 3, 4], data: pixels },
      labels: Int32Array.of(9, 0),
    });
  });

  it("reads bytes that start anywhere in their buffer", () => {
    const shifted = new Uint8Array([7, 7, 7, ...images.bytes]).subarray(3);
    assert.deepEqual(parse(shifted)().x.data, pixels);
  });

  it("reports truncated files with both sizes", () => {
    throws(parse(images.bytes.subarray(0, 30)), /images: expected 40 bytes .*2 x 3 x 4.*got 30;/);
    throws(parse(images.bytes, labels.bytes.subarray(0, 9)), /labels: expected 10 bytes.*got 9;/);
    throws(parse(images.bytes.subarray(0, 15)), /header of 16 bytes, got 15 bytes/);
    throws(parse(new Uint8Array()), /header of 16 bytes, got 0 bytes/);
  });

  it("reports files that are too long", () => {
    throws(parse(new Uint8Array([...images.bytes, 0])), /expected 40 bytes.*got 41; .*too long/);
  });

  it("reports a wrong magic number", () => {
    throws(parse(new Uint8Array(40)), /magic number 0x00000803 .*, got 0x00000000/);
    throws(
      parse(images.bytes, images.bytes),
      /labels: expected the magic number 0x00000801 of idx labels, got 0x00000803/,
    );
  });

  it("reports counts that differ", () => {
    throws(parse(images.bytes, idxBytes([3], [0, 0, 0])), /expected 2 labels.*got 3;/);
  });

  it("reports a label that is no class", () => {
    throws(
      parse(images.bytes, idxBytes([2], [9, 10])),
      /labels: expected labels from 0 to 9, got 10 in row 1/,
    );
  });

  it("reports a set without images", () => {
    throws(
      parse(idxBytes([0, 28, 28], []), idxBytes([0], [])),
      /at least one of images, got sizes 0 x 28 x 28/,
    );
  });
});
