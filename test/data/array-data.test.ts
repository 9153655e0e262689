import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  arrayData,
  dataNames,
  describeData,
  oneHot,
  range,
  registerDataSource,
  sampleToy,
  toyData,
  type ArrayDataOptions,
  type Rows,
  type SplitName,
} from "../../src/data/index.js";
import { openData } from "../../src/data/files.js";
import { DataError, ShapeError, UsageError } from "../../src/errors.js";
import { Random } from "../../src/random.js";

type ErrorType = typeof DataError | typeof ShapeError | typeof UsageError;

const x = (rows: number, columns = 2) => ({
  shape: [rows, columns],
  data: Float64Array.from({ length: rows * columns }, (_, i) => Math.sin(i + 1)),
});
const images = (...data: number[]) => ({ shape: [data.length / 4, 1, 2, 2], data });

async function all(given: ArrayDataOptions, split: SplitName): Promise<Rows> {
  const { take, count } = await arrayData(given).split(split);
  return take(range(0, count));
}

describe("arrayData", () => {
  it("keeps rows in their own units, of any type of array", async () => {
    const bytes = Uint8Array.of(0, 255, 7, 9, 1, 2, 3, 4);
    const given = { x: { shape: [2, 1, 2, 2], data: bytes }, validation: 0 };
    const rows = await all(given, "train");
    assert.deepEqual(rows, { x: { shape: [2, 1, 2, 2], data: bytes } });
    assert.ok(rows.x.data instanceof Uint8Array);
    const times = { shape: [2, 1], data: [1.7e9 + 0.25, 1.7e9 + 0.5] };
    assert.deepEqual(
      (await all({ x: times, validation: 0 }, "train")).x.data,
      Float64Array.from(times.data),
    );
  });

  it("holds out a tenth, the same rows as of image files", async () => {
    const given = { x: x(2000), labels: range(0, 2000) };
    const [train, held] = [await all(given, "train"), await all(given, "validation")];
    assert.deepEqual([train.labels!.length, held.labels!.length], [1800, 200]);
    assert.deepEqual([...held.labels!.slice(0, 3)], [3, 23, 27]);
    assert.equal(new Set([...train.labels!, ...held.labels!]).size, 2000);
    held.labels!.forEach((row, i) => {
      assert.equal(held.x.data[2 * i], x(2000).data[2 * row]);
    });
    await assert.rejects(all(given, "test"), {
      name: "UsageError",
      message: /expected rows to test on, got none in arrays; pass `test`/,
    });
  });

  it("takes other splits as they come", async () => {
    const given = { x: x(5), validation: { x: x(3) }, test: { x: x(2) } };
    const counts = ["train", "validation", "test"] as const;
    const data = arrayData(given);
    assert.deepEqual(
      await Promise.all(counts.map(async (s) => (await data.split(s)).count)),
      [5, 3, 2],
    );
    assert.throws(() => arrayData({ ...given, test: { x: x(2, 3) } }), {
      name: "ShapeError",
      message: /arrayData: test: expected x of shape \[B, 2\]/,
    });
  });

  it("learns from training rows alone", () => {
    const values = x(20).data.slice();
    const first = arrayData({ x: { shape: [20, 2], data: values }, validation: 0.5 });
    // Rows that are held out: the others of the same permutation.
    const order = Random.fromSeed(0).split("validation").permutation(20);
    for (const row of order.subarray(0, 10)) values[2 * row] = 1e6;
    const second = arrayData({ x: { shape: [20, 2], data: values }, validation: 0.5 });
    assert.deepEqual(second.preprocessing, first.preprocessing);
  });

  it("divides weights by their mean over the training rows", async () => {
    const given = { x: x(4), weights: [1, 2, 3, 2], validation: { x: x(1), weights: [8] } };
    assert.deepEqual((await all(given, "train")).weights, Float32Array.of(0.5, 1, 1.5, 1));
    assert.deepEqual((await all(given, "validation")).weights, Float32Array.of(4));
  });

  it("knows as many classes as there are, or as it is told", () => {
    const labels = [0, 299, 3];
    assert.equal(arrayData({ x: x(3), labels, validation: 0 }).classes.length, 300);
    const named = arrayData({ x: x(3), labels: [0, 1, 1], classes: ["no", "yes"], validation: 0 });
    assert.deepEqual(named.classes, ["no", "yes"]);
    assert.throws(() => arrayData({ x: x(3), labels, classes: 10, validation: 0 }), {
      name: "DataError",
      message: /expected labels from 0 to 9, got 299 in row 1/,
    });
  });

  it("standardises a condition beside pixels, and leaves these", () => {
    const { preprocessing, shape } = arrayData({
      x: images(0, 255, 3, 4, 5, 6, 7, 8),
      condition: { shape: [2, 1], data: [2000, 2010] },
      validation: 0,
    });
    assert.deepEqual(shape, [1, 2, 2]);
    assert.deepEqual(preprocessing, {
      shape: [1, 2, 2],
      columns: [{ kind: "real", name: "0", offset: 0, scale: 1 }],
      condition: [{ offset: 2005, scale: 5 }],
    });
  });

  it("describes itself as JSON", () => {
    const data = arrayData({ x: x(5), columns: ["a", "b"], name: "mine", validation: 0 });
    const text = JSON.stringify(describeData(data));
    assert.deepEqual(JSON.parse(text), {
      name: "mine",
      shape: [2],
      pixels: false,
      classes: [],
      condition: 0,
      preprocessing: data.preprocessing,
    });
  });

  const given = { x: x(3), validation: 0 };
  const refused: Readonly<Record<string, [object, ErrorType, RegExp]>> = {
    "a label of -1": [{ ...given, labels: [0, -1, 1] }, DataError, /got -1 in row 1/],
    "a label of 0.5": [{ ...given, labels: [0, 1, 0.5], classes: 2 }, DataError, /0\.5 in row 2/],
    "one-hot rows as lists": [
      {
        ...given,
        labels: [
          [1, 0],
          [0, 1],
          [1, 0],
        ],
      },
      DataError,
      /got a list \[1,0\] in row 0/,
    ],
    "one-hot rows as an array": [
      { ...given, labels: oneHot([0, 1, 1], 2) },
      ShapeError,
      /expected labels to be a list of 3 numbers, one for each row of x, got an array of shape \[3,2\]/,
    ],
    "one-hot rows end to end": [
      { ...given, labels: oneHot([0, 1, 1], 2).data },
      ShapeError,
      /list of 3 numbers, one for each row of x, got 6/,
    ],
    "an unknown option": [
      { ...given, weight: [1, 2, 3] },
      UsageError,
      /"weight"; did you mean "weights"/,
    ],
    "an unknown option of a split": [
      { ...given, test: { x: x(1), label: [0] } },
      UsageError,
      /arrayData: test: .*"label"; did you mean "labels"/,
    ],
    "a negative weight": [{ ...given, weights: [1, -2, 3] }, DataError, /got -2 in row 1/],
    "no weight above 0": [{ ...given, weights: [0, 0, 0] }, DataError, /a weight above 0/],
    "a NaN": [{ x: { shape: [2, 1], data: [1, NaN] }, validation: 0 }, DataError, /in row 1;/],
    "a NaN held out": [
      { ...given, test: { x: { shape: [1, 2], data: [1, NaN] } } },
      DataError,
      /row 0;/,
    ],
    "a condition with NaN": [
      { ...given, condition: { shape: [3, 1], data: [1, NaN, 2] } },
      DataError,
      /finite numbers in condition, .* row 1/,
    ],
    "a short array": [
      { x: { shape: [3, 2], data: [1, 2, 3] } },
      ShapeError,
      /expected x with 6 numbers .*got 3/,
    ],
    "another rank": [
      { x: { shape: [3, 2, 2], data: new Float64Array(12) } },
      ShapeError,
      /\[N, D\]/,
    ],
    "names of columns that repeat": [
      { ...given, columns: ["a", "a"] },
      UsageError,
      /2 different names/,
    ],
    "labels in one split alone": [
      { ...given, labels: [0, 1, 1], test: { x: x(1) } },
      UsageError,
      /labels in every split or in none/,
    ],
    "all of it held out": [{ x: x(3), validation: 1 }, UsageError, /share from 0 to under 1/],
    "pixels of a vector": [{ ...given, pixels: true }, UsageError, /images \[N, C, H, W\] alone/],
    "pixels 0..1": [
      { x: images(0, 0.5, 0.25, 1) },
      DataError,
      /whole pixels 0…255 in x, got values from 0 to 1, first in row 0; .* multiply them by 255, or .*`pixels: false`/,
    ],
    "pixels -1..1": [
      { x: images(-1, 0.5, 0.25, 1) },
      DataError,
      /from -1 to 1, .*: add 1 and multiply them by 127\.5/,
    ],
    "16-bit pixels": [
      { x: images(0, 1, 2, 3, 0, 256, 7, 65535) },
      DataError,
      /from 0 to 65535, first in row 1; .* divide them by 257/,
    ],
    "binary pixels": [
      { x: images(0, 1, 1, 0) },
      DataError,
      /got only 0 and 1; multiply them by 255/,
    ],
  };
  for (const [name, [options, type, message]] of Object.entries(refused)) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => arrayData(options as ArrayDataOptions),
        (error) => {
          assert.ok(error instanceof type, String(error));
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }
});

describe("a split", () => {
  it("refuses rows that it hasn't", async () => {
    const { take } = await arrayData({ x: x(4), validation: 0 }).split("train");
    assert.throws(() => take([4]), /indices of train from 0 to 3, got 4/);
    assert.throws(() => take([-1]), /got -1/);
    assert.throws(() => take([]), /at least one row of train/);
  });
});

describe("toyData", () => {
  it("draws points to train on, and keeps others", async () => {
    const data = toyData("moons");
    const random = Random.fromSeed(2);
    const train = await data.split("train");
    assert.deepEqual(train.draw?.(5, random), { x: sampleToy("moons", 5, random) });
    assert.equal(train.count, Infinity);
    assert.throws(() => train.take([0]), UsageError);
    const test = await data.split("test");
    const held = sampleToy("moons", 10_000, Random.fromSeed(0).split("held out").split("test"));
    assert.equal(test.count, 10_000);
    assert.deepEqual(
      test.take([0, 9999]).x.data,
      Float32Array.of(...held.data.slice(0, 2), ...held.data.slice(-2)),
    );
    assert.throws(() => toyData("moon"), /got "moon"; did you mean "moons"\?/);
  });
});

describe("registerDataSource", () => {
  it("makes data known by name, once", async () => {
    const source = { name: "mine", open: () => arrayData({ x: x(20), name: "mine" }) };
    registerDataSource(source);
    assert.ok(dataNames().includes("mine"));
    assert.deepEqual((await openData("mine")).shape, [2]);
    assert.equal((await openData("pinwheel")).name, "pinwheel");
    assert.throws(() => {
      registerDataSource(source);
    }, /got "mine", which is taken/);
    assert.throws(() => {
      registerDataSource({ ...source, name: "mnist" });
    }, UsageError);
  });
});

describe("oneHot", () => {
  it("marks each label's class, and reports what is none", () => {
    assert.deepEqual(oneHot([2, 0], 3), {
      shape: [2, 3],
      data: Float32Array.of(0, 0, 1, 1, 0, 0),
    });
    assert.throws(() => oneHot([2, 3], 3), /oneHot: expected labels from 0 to 2, got 3 in row 1/);
  });
});
