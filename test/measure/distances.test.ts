import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DataError, ShapeError, UsageError } from "../../src/errors.js";
import { Mahalanobis } from "../../src/measure/mahalanobis.js";
import { neighbourDistances } from "../../src/measure/neighbours.js";
import { Random } from "../../src/random.js";
import { ndarray, type NDArray } from "../../src/tree.js";

const table = (seed: string, rows: number, columns: number): NDArray =>
  ndarray(
    Random.fromSeed(3)
      .split(seed)
      .normal(rows * columns),
    [rows, columns],
  );

const rowOf = ({ shape, data }: NDArray, row: number): number[] => [
  ...data.subarray(row * shape[1]!, (row + 1) * shape[1]!),
];

const close = (got: ArrayLike<number>, expected: readonly number[], tolerance: number): void => {
  assert.equal(got.length, expected.length);
  expected.forEach((value, i) => {
    assert.ok(Math.abs(got[i]! - value) <= tolerance * (1 + Math.abs(value)), `${got[i]} ${value}`);
  });
};

const noTables = [
  ndarray([1, 2, 3, 4], [4]),
  ndarray([1, 2, 3, 4], [2, 2, 1]),
  ndarray([], [2, 0]),
] as const;

describe("neighbourDistances", () => {
  const [x, reference] = [table("x", 30, 4), table("reference", 50, 4)];

  it("agrees with sorting all distances", () => {
    for (const k of [1, 5, 50]) {
      const expected = Array.from({ length: 30 }, (_, i) => {
        const distances = Array.from({ length: 50 }, (_, j) => {
          const other = rowOf(reference, j);
          return Math.hypot(...rowOf(x, i).map((value, c) => value - other[c]!));
        });
        const nearest = distances.sort((a, b) => a - b).slice(0, k);
        return nearest.reduce((total, distance) => total + distance, 0) / k;
      });
      close(neighbourDistances(x, reference, k), expected, 1e-12);
    }
  });

  it("is 0 for rows that are there often enough", () => {
    const same = ndarray(new Float32Array(24).fill(2), [6, 4]);
    assert.deepEqual(neighbourDistances(same, same), new Float64Array(6));
  });

  it("is NaN for rows with NaN alone", () => {
    const x = ndarray([0, 0, 0, NaN], [2, 2]);
    const [usual, bad] = neighbourDistances(x, ndarray([3, 4], [1, 2]), 1);
    assert.deepEqual([usual, bad], [5, NaN]);
  });

  it("refuses what is no table of numbers", () => {
    for (const bad of noTables) {
      assert.throws(() => neighbourDistances(bad, reference), ShapeError);
      assert.throws(() => neighbourDistances(x, bad), ShapeError);
    }
    const bad = ndarray([1, 2, NaN, 4], [2, 2]);
    assert.throws(() => neighbourDistances(bad, bad, 1), DataError);
  });

  it("refuses another number of columns, and neighbours that aren't there", () => {
    assert.throws(() => neighbourDistances(table("x", 3, 5), reference), ShapeError);
    for (const k of [0, 51, 1.5]) {
      assert.throws(() => neighbourDistances(x, reference, k), UsageError);
    }
  });
});

describe("Mahalanobis", () => {
  it("solves for the covariance of the normal rows", () => {
    const reference = table("reference", 40, 3);
    for (let i = 0; i < 40; i++) reference.data[3 * i + 2]! += 2 * reference.data[3 * i]!;
    const x = table("x", 20, 3);
    const columns = [0, 1, 2];
    const known = Array.from({ length: 40 }, (_, i) => rowOf(reference, i));
    const mean = columns.map((j) => known.reduce((total, row) => total + row[j]!, 0) / 40);
    const covariance = columns.map((i) =>
      columns.map(
        (j) => known.reduce((t, row) => t + (row[i]! - mean[i]!) * (row[j]! - mean[j]!), 0) / 40,
      ),
    );
    const expected = Array.from({ length: 20 }, (_, row) => {
      const difference = rowOf(x, row).map((value, j) => value - mean[j]!);
      const solved = solve3(covariance, difference);
      return Math.sqrt(difference.reduce((total, value, j) => total + value * solved[j]!, 0));
    });
    close(new Mahalanobis(reference, 1e-12).distances(x), expected, 1e-8);
    // All of it replaced: a distance in units of the mean variance.
    const level = columns.reduce((total, j) => total + covariance[j]![j]!, 0) / 3;
    const plain = Array.from({ length: 20 }, (_, row) =>
      Math.hypot(...rowOf(x, row).map((value, j) => (value - mean[j]!) / Math.sqrt(level))),
    );
    close(new Mahalanobis(reference, 1).distances(x), plain, 1e-8);
  });

  it("stays finite where columns are copies, constant, or more than the rows", () => {
    const copies = table("reference", 50, 3);
    for (let i = 0; i < 50; i++) {
      copies.data[3 * i + 1] = copies.data[3 * i]!;
      copies.data[3 * i + 2] = 7;
    }
    const [usual, odd, other] = new Mahalanobis(copies).distances(
      ndarray([1, 1, 7, 1, -1, 7, 1, 1, 8], [3, 3]),
    );
    assert.ok(usual! < 3 && odd! > 100 && other! > 100 && Number.isFinite(odd! + other!));
    const few = new Mahalanobis(table("reference", 4, 10)).distances(table("x", 5, 10));
    assert.ok(few.every((distance) => distance > 0 && distance < Infinity));
    const equal = new Mahalanobis(ndarray([1, 2, 1, 2], [2, 2])).distances(ndarray([1, 2], [1, 2]));
    assert.deepEqual([...equal], [0]);
  });

  it("refuses what is no table of numbers", () => {
    const mahalanobis = new Mahalanobis(table("reference", 10, 4));
    for (const bad of noTables) {
      assert.throws(() => new Mahalanobis(bad), ShapeError);
      assert.throws(() => mahalanobis.distances(bad), ShapeError);
    }
    assert.throws(() => new Mahalanobis(ndarray([1, 2, NaN, 4], [2, 2])), DataError);
  });

  it("refuses other columns and shrinkages", () => {
    const mahalanobis = new Mahalanobis(table("reference", 10, 3));
    assert.throws(() => mahalanobis.distances(table("x", 10, 4)), ShapeError);
    for (const shrinkage of [0, -1, 2, NaN]) {
      assert.throws(() => new Mahalanobis(table("reference", 10, 3), shrinkage), UsageError);
    }
  });
});

/** Solves a system of three equations by Cramer's rule. */
function solve3(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const det = (m: readonly (readonly number[])[]): number =>
    m[0]![0]! * (m[1]![1]! * m[2]![2]! - m[1]![2]! * m[2]![1]!) -
    m[0]![1]! * (m[1]![0]! * m[2]![2]! - m[1]![2]! * m[2]![0]!) +
    m[0]![2]! * (m[1]![0]! * m[2]![1]! - m[1]![1]! * m[2]![0]!);
  return [0, 1, 2].map(
    (column) => det(a.map((row, i) => row.map((v, j) => (j === column ? b[i]! : v)))) / det(a),
  );
}
