import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  learnPreprocessing,
  prepare,
  prepareCondition,
  preparedShape,
  restore,
  stepsOf,
  type Preprocessing,
} from "../../src/data/index.js";
import { DataError, ShapeError } from "../../src/errors.js";
import { Random } from "../../src/random.js";
import type { NumberArray } from "../../src/tree.js";

const random = Random.fromSeed(3);

/** Rows from columns, in float64. */
function rowsOf(...columns: readonly (readonly number[])[]): NumberArray {
  const count = columns[0]!.length;
  const data = Float64Array.from(
    { length: count * columns.length },
    (_, at) => columns[at % columns.length]![Math.floor(at / columns.length)]!,
  );
  return { shape: [count, columns.length], data };
}

const normal = (n: number, label: string): number[] => [...random.split(label).normal(n)];

function momentsOf(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / values.length) };
}

function close(actual: number, expected: number, relative = 1e-12): void {
  assert.ok(Math.abs(actual - expected) <= relative * Math.abs(expected), `${actual}, ${expected}`);
}

describe("learnPreprocessing", () => {
  it("finds the mean and standard deviation of every column, exactly", () => {
    // Of 1, 2 and 4 the mean is 7/3, the variance (16 + 1 + 25)/27.
    for (const unit of [1e-200, 1e-6, 1, 1e6, 1e200]) {
      const x = rowsOf([unit / 3, (2 * unit) / 3, (4 * unit) / 3], [-0.5, 0.5, 0.25]);
      const { preprocessing, warnings } = learnPreprocessing(x, ["a", "b"]);
      const [a] = preprocessing.columns;
      assert.ok(a?.kind === "real" && a.name === "a");
      close(a.offset, (7 / 9) * unit);
      close(a.scale, (Math.sqrt(42 / 27) / 3) * unit);
      assert.deepEqual(warnings, []);
    }
  });

  it("keeps all digits of unix times within a minute", () => {
    const base = 1.7e9;
    const seconds = normal(200, "times").map((z) => 20 * z);
    const x = rowsOf(seconds.map((s) => base + s));
    const { preprocessing, warnings } = learnPreprocessing(x, ["time"]);
    assert.deepEqual(warnings, []);
    const { x: prepared } = prepare(x, preprocessing);
    assert.equal(new Set(prepared.data).size, 200);
    const { mean, deviation } = momentsOf(seconds);
    seconds.forEach((s, row) => {
      // A float64 near 1.7e9 has a spacing of 2.4e-7.
      assert.ok(Math.abs(prepared.data[row]! - (s - mean) / deviation) < 1e-6);
    });
    const back = restore(prepared, preprocessing);
    back.data.forEach((time, row) => {
      assert.ok(Math.abs(time - x.data[row]!) < 1e-5, `${time}`);
    });
  });

  it("warns of times that float32 has rounded before they came", () => {
    const x = rowsOf(normal(200, "times").map((z) => 1.7e9 + 200 * z));
    const { warnings } = learnPreprocessing({ shape: x.shape, data: Float32Array.from(x.data) }, [
      "time",
    ]);
    assert.match(warnings.join(), /column "time": given as float32, whose numbers lie 128 apart/);
  });

  it("warns of digits that one far value costs the others", () => {
    const x = rowsOf([...normal(100, "far"), 1e12]);
    const { warnings } = learnPreprocessing(x, ["v"]);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /column "v": float32 keeps \d+ of 101 distinct values/);
  });

  it("leaves out what is constant, or a copy, and names it", () => {
    const a = normal(50, "a");
    const x = rowsOf(
      a.map(() => 3.5),
      a,
      a,
      a.map((v) => v + (v === a[7] ? 1 : 0)),
    );
    const { preprocessing, warnings } = learnPreprocessing(x, ["k", "a", "again", "near"]);
    assert.deepEqual(preprocessing.columns[0], { kind: "constant", name: "k", value: 3.5 });
    assert.deepEqual(preprocessing.columns[2], { kind: "copy", name: "again", of: "a" });
    assert.equal(preprocessing.columns[3]?.kind, "real");
    assert.deepEqual(preparedShape(preprocessing), [2]);
    assert.equal(warnings.length, 2);
    assert.match(
      warnings[0]!,
      /^column "k": constant \(3\.5 in all 50 training rows\); it is left/,
    );
    assert.match(warnings[1]!, /^column "again": equal to "a" in all 50 training rows; it is left/);
  });

  it("takes whole numbers for what they are, 0 and 1 included", () => {
    const x = rowsOf([0, 1, 1, 1], [3, 5, 4, 100], [0.5, 1, 2, 3]);
    const { preprocessing, warnings } = learnPreprocessing(x, ["flag", "count", "size"]);
    const [flag, count, size] = preprocessing.columns;
    assert.ok(flag?.kind === "whole" && count?.kind === "whole" && size?.kind === "real");
    // x + u, u uniform on [0, 1): mean ¾ + ½, variance 3/16 + 1/12.
    close(flag.offset, 1.25);
    close(flag.scale, Math.sqrt(3 / 16 + 1 / 12));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /^columns "flag", "count": whole numbers; .* lower bound/);
    const step = stepsOf(preprocessing)!;
    assert.deepEqual(step.shape, [1, 3]);
    close(step.data[0]!, 1 / flag.scale, 1e-7);
    assert.equal(step.data[2], 0);
  });

  it("names columns that others determine", () => {
    const [a, b, c] = [normal(300, "p"), normal(300, "q"), normal(300, "r")];
    const x = rowsOf(
      a,
      c,
      b,
      a.map((v, i) => 1e6 + 2 * v - 3 * b[i]!),
    );
    const { warnings } = learnPreprocessing(x, ["a", "c", "b", "sum"]);
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0]!,
      /^columns "sum", "a", "b": linearly dependent in every training row/,
    );
  });

  it("finds no dependence where a row breaks it, or noise does", () => {
    const [a, b] = [normal(5000, "p"), normal(5000, "q")];
    const sum = a.map((v, i) => v + b[i]!);
    const broken = sum.map((v, i) => (i === 4321 ? v + 0.1 : v));
    const noisy = sum.map((v, i) => v + 1e-3 * Math.sin(i));
    assert.deepEqual(learnPreprocessing(rowsOf(a, b, broken), ["a", "b", "s"]).warnings, []);
    assert.deepEqual(learnPreprocessing(rowsOf(a, b, noisy), ["a", "b", "s"]).warnings, []);
    // One-hot columns sum to 1, but noise makes them independent.
    const hot = [0, 1, 2].map((k) => a.map((_, i) => Number(i % 3 === k)));
    const { warnings } = learnPreprocessing(rowsOf(...hot), ["x", "y", "z"]);
    assert.equal(warnings.length, 1);
  });

  it("refuses rows that aren't finite, and data without any variation", () => {
    const x = rowsOf([1, NaN, 2, Infinity], [1, 2, 3, 4]);
    assert.throws(
      () => learnPreprocessing(x, ["a", "b"]),
      (error) => {
        assert.ok(error instanceof DataError);
        assert.match(error.message, /in rows 1, 3; leave/);
        assert.deepEqual(error.details.rows, [1, 3]);
        return true;
      },
    );
    assert.throws(() => learnPreprocessing(rowsOf([2, 2], [3, 3]), ["a", "b"]), DataError);
  });

  it("scales images by channel", () => {
    const data = Float64Array.from(normal(4 * 2 * 6, "image"), (z, at) =>
      Math.floor(at / 6) % 2 === 0 ? 0.5 + 0.1 * z : 1000 + 200 * z,
    );
    const x = { shape: [4, 2, 2, 3], data };
    const { preprocessing } = learnPreprocessing(x, ["red", "depth"]);
    const second = [...data].filter((_, at) => Math.floor(at / 6) % 2 === 1);
    const { mean, deviation } = momentsOf(second);
    const depth = preprocessing.columns[1]!;
    assert.ok(depth.kind === "real");
    close(depth.offset, mean);
    close(depth.scale, deviation);
    const { x: prepared, logDet } = prepare(x, preprocessing);
    assert.deepEqual(prepared.shape, [4, 2, 2, 3]);
    restore(prepared, preprocessing).data.forEach((value, at) => {
      assert.ok(Math.abs(value - data[at]!) < 1e-4);
    });
    const scales = preprocessing.columns.map((c) => (c.kind === "real" ? c.scale : NaN));
    close(logDet[3]!, -6 * Math.log(scales[0]!) - 6 * Math.log(scales[1]!));
  });
});

const plan: Preprocessing = {
  shape: [4],
  columns: [
    { kind: "real", name: "a", offset: 10, scale: 2 },
    { kind: "constant", name: "k", value: 7 },
    { kind: "whole", name: "n", offset: 2.5, scale: 0.5, step: 1 },
    { kind: "copy", name: "again", of: "a" },
  ],
};

describe("prepare and restore", () => {
  it("are the inverse of each other", () => {
    const x = { shape: [2, 4], data: [12, 7, 3, 12, 9, 7, 0, 9] };
    const { x: prepared, logDet, deviations } = prepare(x, plan);
    assert.deepEqual(prepared, { shape: [2, 2], data: Float32Array.of(1, 1, -0.5, -5) });
    assert.deepEqual(deviations, []);
    // A sample between 3 and 4 was 3; an event of 3.5 is 3.5.
    const dequantised = { shape: [2, 2], data: Float32Array.of(1, 2.9, -0.5, -5) };
    assert.deepEqual([...restore(dequantised, plan).data], x.data);
    const middles = { shape: [1, 2], data: Float32Array.of(1, 2) };
    assert.deepEqual([...restore(middles, plan, "events").data], [12, 7, 3.5, 12]);
    assert.deepEqual([...logDet], [0, 0].fill(-Math.log(2) - Math.log(0.5)));
  });

  it("list the rows that differ from what is always the same", () => {
    const x = { shape: [3, 4], data: [12, 7, 3, 12, 9, 7.001, 0, 9, 1, 8, 1, 2] };
    assert.deepEqual(prepare(x, plan).deviations, [
      { row: 1, column: "k", expected: 7, got: 7.001 },
      { row: 2, column: "k", expected: 7, got: 8 },
      { row: 2, column: "again", expected: 1, got: 2 },
    ]);
  });

  it("refuse rows of another shape", () => {
    assert.throws(() => prepare({ shape: [2, 2], data: [1, 2, 3, 4] }, plan), ShapeError);
    assert.throws(
      () => restore({ shape: [1, 4], data: new Float32Array(4) }, plan),
      /restore: expected x of shape \[B, 2\]/,
    );
  });

  it("only round without a plan", () => {
    const x = { shape: [1, 2], data: Uint8Array.of(3, 255) };
    assert.deepEqual(prepare(x, undefined).x.data, Float32Array.of(3, 255));
    assert.deepEqual([...prepare(x, undefined).logDet], [0]);
    assert.equal(stepsOf(undefined), undefined);
  });
});

describe("a condition", () => {
  it("is standardised, but for 0 and 1", () => {
    const x = rowsOf([0.1, 0.2, 0.4]);
    const condition = rowsOf([2001, 2002, 2006], [0, 1, 0], [5, 5, 5]);
    const { preprocessing, warnings } = learnPreprocessing(x, ["x"], { condition });
    assert.match(warnings.join(), /condition 2: constant \(5 in all 3 training rows\)/);
    const { data } = prepareCondition(condition, preprocessing);
    const deviation = Math.sqrt((4 + 1 + 9) / 3);
    [-2, -1, 3].forEach((from, row) => {
      close(data[3 * row]!, from / deviation, 1e-7);
    });
    assert.deepEqual([data[1], data[4], data[7], data[2]], [0, 1, 0, 0]);
  });
});
