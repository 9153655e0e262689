import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readTar } from "../../src/data/tar.js";
import { throws } from "./fails.js";
import { tarBytes } from "./fixtures.js";

const read = (bytes: Uint8Array) => [...readTar({ name: "a.tar", bytes })];

describe("readTar", () => {
  const long = new Uint8Array(1300).fill(7);
  const bytes = tarBytes({ "folder/a.bin": Uint8Array.of(1, 2), empty: new Uint8Array(), b: long });

  it("gives the files, without folders", () => {
    assert.deepEqual(read(bytes), [
      { name: "a.bin", bytes: Uint8Array.of(1, 2) },
      { name: "empty", bytes: new Uint8Array() },
      { name: "b", bytes: long },
    ]);
    assert.deepEqual(read(new Uint8Array(1024)), []);
  });

  it("reports truncated and damaged archives", () => {
    throws(() => read(bytes.subarray(0, 3000)), /a.tar: expected 1300 bytes for b, got 440;/);
    throws(() => read(new Uint8Array(512).fill(65)), /a.tar: expected NaN bytes/);
  });
});
