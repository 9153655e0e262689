import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PickleDict, type PickleValue } from "../../src/pytorch/pickle-values.js";
import { openTorchFile } from "../../src/pytorch/torch-file.js";
import { TorchTensor } from "../../src/pytorch/torch-tensor.js";
import { unpickle } from "../../src/pytorch/unpickle.js";
import { fixture } from "./fixtures.js";
import { bytesOf, little, text, zipFile, zipOf, type Piece } from "./pickles.js";

/** Shape and numbers of each tensor that make-fixtures.py saves. */
const expected: Readonly<Record<string, readonly [readonly number[], readonly number[]]>> = {
  base: [[2, 3, 4], Array.from({ length: 24 }, (_, i) => i)],
  transposed: [
    [4, 2, 3],
    [0, 4, 8, 12, 16, 20, 1, 5, 9, 13, 17, 21, 2, 6, 10, 14, 18, 22, 3, 7, 11, 15, 19, 23],
  ],
  slice: [
    [2, 2],
    [16, 18, 20, 22],
  ],
  expanded: [[5, 1, 4], Array.from({ length: 20 }, (_, i) => i % 4)],
  half: [[5], [1.5, -0.25, 6.097555160522461e-5, 5.960464477539063e-8, Infinity]],
  bfloat16: [[3], [1.5, -3.140625, 1.0002555517425873e30]],
  double: [[1], [0.1]],
  int8: [[2], [-128, 127]],
  uint8: [[2], [0, 255]],
  int16: [[2], [-32768, 32767]],
  int32: [[2], [-(2 ** 31), 7]],
  int64: [[2], [-(2 ** 53), 9]],
  bool: [[2], [1, 0]],
  scalar: [[], [0.5]],
  parameter: [[2], [1, 1]],
  empty: [[0, 3], []],
};

describe("openTorchFile", () => {
  for (const name of ["tensors.pt", ...[1, 2, 3, 4].map((n) => `tensors-legacy-${n}.pt`)]) {
    it(`reads views, shared storages and every type of ${name}`, () => {
      const file = openTorchFile(fixture(name), name);
      assert.ok(file.value instanceof PickleDict);
      assert.deepEqual([...file.value.entries.keys()], Object.keys(expected));
      const storages = new Set<unknown>();
      for (const [key, [shape, data]] of Object.entries(expected)) {
        const tensor = file.value.get(key);
        assert.ok(tensor instanceof TorchTensor, key);
        const array = file.read(tensor);
        assert.deepEqual(array.shape, shape, key);
        assert.deepEqual([...array.data], data, key);
        storages.add(tensor.storage);
      }
      assert.equal(storages.size, Object.keys(expected).length - 3);
    });
  }

  it("reads an archive whose directory is of 64 bits", () => {
    const narrow = zipFile(bytesOf("\x80\x02}", text("a"), "K\x07s."));
    const end = narrow.length - 22;
    const view = new DataView(narrow.buffer);
    const [count, length, start] = [
      view.getUint16(end + 10, true),
      view.getUint32(end + 12, true),
      view.getUint32(end + 16, true),
    ];
    const wide = bytesOf(
      narrow.subarray(0, end),
      "PK\x06\x06",
      little(44, 8),
      little(0, 12),
      little(count, 8),
      little(count, 8),
      little(length, 8),
      little(start, 8),
      "PK\x06\x07",
      little(0, 4),
      little(end, 8),
      little(1, 4),
      "PK\x05\x06",
      little(0, 4),
      little(0xffff, 2),
      little(0xffff, 2),
      little(0xffffffff, 4),
      little(0xffffffff, 4),
      little(0, 2),
    );
    const { value } = openTorchFile(wide, "wide.pt");
    assert.ok(value instanceof PickleDict);
    assert.equal(value.get("a"), 7);
  });

  it("reads an archive with a comment, and bytes in front of it", () => {
    const content = bytesOf("\x80\x02}.");
    const zip = zipOf([{ name: "a/data.pkl", content }], { comment: "PK\x05\x06 not the end" });
    assert.ok(openTorchFile(zip, "x.pt").value instanceof PickleDict);
  });
});

describe("unpickle", () => {
  const rules = { where: "x", globals: new Map<string, never>() };
  const read = (...pieces: readonly Piece[]): PickleValue =>
    unpickle(bytesOf(...pieces), rules).value;

  it("reads numbers of every protocol", () => {
    const numbers: readonly (readonly [Piece, PickleValue])[] = [
      ["I01\n", true],
      ["I00\n", false],
      ["I-12\n", -12],
      ["L123L\n", 123],
      ["L90071992547409930L\n", 90071992547409930n],
      ["F-1.5e3\n", -1500],
      ["Finf\n", Infinity],
      ["K\xff", 255],
      ["M\x01\x02", 513],
      ["J\xfe\xff\xff\xff", -2],
      ["\x8a\x00", 0],
      ["\x8a\x01\xff", -1],
      ["\x8a\x02\xff\x00", 255],
      ["\x8b\x09\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01", 2n ** 64n],
      ["G\x3f\xf8\x00\x00\x00\x00\x00\x00", 1.5],
      ["N", null],
    ];
    for (const [piece, value] of numbers) assert.equal(read(piece, "."), value);
  });

  it("reads texts of every protocol", () => {
    assert.equal(read("Vb\\u00e4\\U0001f40d\\u000a\n."), "bä🐍\n");
    assert.equal(read("S'it\\'s \\x41\\n'\n."), "it's A\n");
    assert.equal(read("U\x02\xe4b."), "äb");
    assert.equal(read("\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00\x8c\x02\xc3\xa4\x94."), "ä");
    assert.deepEqual(read("\x80\x05\x96", little(3, 8), "abc."), bytesOf("abc"));
  });

  it("remembers, and pops to a mark", () => {
    const twice = read("(lp0\nI1\nag0\n\x86.");
    assert.ok(typeof twice === "object" && twice !== null && "items" in twice);
    const [first, second] = [...twice.items];
    assert.equal(first, second);
    assert.equal(read("K\x01(K\x02K\x031."), 1);
    assert.equal(read("K\x01(0."), 1);
  });

  it("says where the bytes behind it start", () => {
    assert.equal(unpickle(bytesOf("..K\x05.."), rules, 2).end, 5);
  });
});
