import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decode } from "fast-png";
import { encodeRgb } from "../../src/pictures/png.js";

describe("png", () => {
  it("round-trips RGB", () => {
    const data = Uint8Array.from({ length: 3 * 4 * 2 }, (_, i) => 10 * i);
    const png = decode(encodeRgb({ width: 4, height: 2, data }));
    assert.deepEqual([png.width, png.height, png.channels], [4, 2, 3]);
    assert.deepEqual(png.data, data);
  });
});
