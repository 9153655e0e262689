import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cifar10, cifar100, parseCifar } from "../../src/data/cifar.js";
import { throws } from "./fails.js";
import { cifarBytes } from "./fixtures.js";

const parse = (bytes: Uint8Array, layout = cifar10) =>
  parseCifar([{ name: "batch", bytes }], layout);

describe("parseCifar", () => {
  it("reads CIFAR-10, files of any number of records", () => {
    const first = cifarBytes(3, (i) => [i + 1]);
    const second = cifarBytes(1, () => [9]);
    second.set([50, 51, 52], 1);
    const set = parseCifar(
      [
        { name: "a", bytes: first },
        { name: "b", bytes: second },
      ],
      cifar10,
    );
    assert.deepEqual(set.labels, Int32Array.of(1, 2, 3, 9));
    const { shape, data } = set.x;
    assert.deepEqual([shape, data.length], [[4, 3, 32, 32], 4 * 3072]);
    const at = (i: number) => data[i * 3072 + 3071];
    assert.deepEqual([0, 1, 2, 3].map(at), [0, 1, 2, 0]);
    assert.deepEqual(
      [0, 1, 2, 3].map((i) => data[3 * 3072 + i]),
      [50, 51, 52, 0],
    );
  });

  it("reads CIFAR-100's classes, not its superclasses", () => {
    const set = parse(
      cifarBytes(2, (i) => [19, 98 + i]),
      cifar100,
    );
    assert.deepEqual(set.labels, Int32Array.of(98, 99));
    assert.deepEqual([set.x.data[0], set.x.data[3072]], [0, 1]);
  });

  it("reports what isn't a whole number of records", () => {
    const bytes = cifarBytes(2, () => [0]);
    throws(() => parse(bytes.subarray(1)), /batch: expected records of 3073.*got 6145 bytes/);
    throws(() => parse(bytes, cifar100), /expected records of 3074 bytes.*got 6146 bytes/);
    throws(() => parse(new Uint8Array()), /got 0 bytes/);
  });

  it("reports a label that is no class, by its row in the file", () => {
    const good = { name: "good", bytes: cifarBytes(2, () => [0]) };
    const bad = { name: "bad", bytes: cifarBytes(2, (i) => [9 + i]) };
    throws(() => parseCifar([good, bad], cifar10), /bad: .* from 0 to 9, got 10 in row 1/);
  });
});
