import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  arrayData,
  nice,
  openModel,
  Random,
  ShapeError,
  toyData,
  type ArrayDataOptions,
  type DataSet,
} from "../../src/index.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { CheckpointError, DataError, UsageError } from "../../src/errors.js";
import { fit } from "../../src/train/index.js";
import { ndarray } from "../../src/tree.js";
import { changed } from "../support/data.js";

const training = {
  steps: 2,
  batchSize: 4,
  schedule: { kind: "constant", learningRate: 0.01 },
} as const;
const engine = referenceEngine();
const flow = nice({ shape: [2], hidden: [3] });
const x = { shape: [8, 2], data: Float64Array.from(Random.fromSeed(1).normal(16)) };
const numbers = (value: unknown): readonly unknown[] => Array<unknown>(8).fill(value);

/** Tells the compiler what a caller without types may do. */
const arrays = (given: unknown): DataSet => arrayData(given as ArrayDataOptions);

interface Refusal {
  readonly call: () => unknown;
  readonly type: typeof ShapeError | typeof DataError | typeof UsageError | typeof CheckpointError;
  readonly message: RegExp;
}

function refuses(cases: Readonly<Record<string, Refusal>>): void {
  for (const [what, { call, type, message }] of Object.entries(cases)) {
    it(`are refused: ${what}`, async () => {
      await assert.rejects(
        async () => {
          await call();
        },
        (error) => {
          assert.ok(error instanceof type, String(error));
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }
}

/** The first batch of a run, of which x is another array. */
const batch = (other: object): Promise<unknown> =>
  fit(
    flow,
    changed(toyData("moons"), (rows) => ({ ...rows, x: { ...rows.x, ...other } })),
    training,
    { engine },
  );

describe("arrays shorter, longer or of another type than their shape says", () => {
  const initial = flow.scope.initialArrays(Random.fromSeed(0));
  const [name = ""] = Object.keys(initial);
  const { shape, data } = initial[name]!;
  refuses({
    "text in ndarray": {
      call: () => ndarray(["1", "x"] as unknown as number[], [2]),
      type: ShapeError,
      message: /expected numbers, got string at index 0/,
    },
    "big integers in ndarray": {
      call: () => ndarray(new BigInt64Array(2) as unknown as number[], [2]),
      type: ShapeError,
      message: /expected numbers, got bigint at index 0/,
    },
    "too few numbers in ndarray": {
      call: () => ndarray([1, 2, 3], [2, 2]),
      type: ShapeError,
      message: /expected 4 numbers for shape \[2,2\], got 3/,
    },
    "a shape below 0": {
      call: () => ndarray([1], [-1, -1]),
      type: ShapeError,
      message: /expected a shape of whole numbers, got \[-1,-1\]/,
    },
    "no data": {
      call: () => arrays({ x: { shape: [2, 2] } }),
      type: ShapeError,
      message: /arrayData: expected x to be \{ shape, data \}/,
    },
    "a list for a condition": {
      call: () => arrays({ x, condition: numbers(1) }),
      type: ShapeError,
      message: /expected condition to be \{ shape, data \}, got \[1, 1/,
    },
    "a condition of fewer rows": {
      call: () => arrays({ x, condition: { shape: [7, 1], data: new Float32Array(7) } }),
      type: ShapeError,
      message: /expected condition of shape \[8, \.\.\.\], got \[7,1\]/,
    },
    "a condition without columns": {
      call: () => arrays({ x, condition: { shape: [8], data: new Float32Array(8) } }),
      type: ShapeError,
      message: /expected condition of shape \[8, K\], got \[8\]/,
    },
    "a short batch": {
      call: () => batch({ data: new Float32Array(3) }),
      type: ShapeError,
      message: /x with \d+ numbers for its shape \[\d+,2\], got 3/,
    },
    "a batch of text": {
      call: () => batch({ data: Array(8).fill("1") }),
      type: ShapeError,
      message: /x with data of numbers, got data an array with the text "1"/,
    },
    "weights of text": {
      call: () => arrays({ x, weights: numbers("1") }),
      type: DataError,
      message: /weights of at least 0, got the string 1 in row 0/,
    },
    "weights that are big integers": {
      call: () => arrays({ x, weights: new BigInt64Array(8) }),
      type: DataError,
      message: /got the bigint 0 in row 0/,
    },
    "a share in text": {
      call: () => arrays({ x, validation: "0.1" }),
      type: UsageError,
      message: /expected validation to be a share/,
    },
    "no share": {
      call: () => arrays({ x, validation: null }),
      type: UsageError,
      message: /expected validation to be a share .* got null/,
    },
    "numbers of a model": {
      call: () =>
        openModel(flow, { ...initial, [name]: { shape, data: data.subarray(1) } }, { engine }),
      type: CheckpointError,
      message: /of another shape: .* of \d+ numbers for \[/,
    },
  });
});

describe("unknown names", () => {
  const runner = openModel(flow, flow.scope.initialArrays(Random.fromSeed(0)), { engine });
  const misspelt = (value: unknown): never => value as never;
  refuses({
    "no options": {
      call: () => arrays(undefined),
      type: UsageError,
      message: /arrayData: expected an object with x, .*got undefined/,
    },
    "a Random in place of options": {
      call: async () => (await runner).score(x, misspelt(Random.fromSeed(1))),
      type: UsageError,
      message: /Runner\.score: expected an object with .*, got a Random/,
    },
    "samples of no Random": {
      call: async () => (await runner).sample(2, misspelt({})),
      type: UsageError,
      message: /expected random, got none/,
    },
    "a split of arrays": {
      call: () => arrays({ x }).split(misspelt("tset")),
      type: UsageError,
      message: /expected one of train, validation, test, got "tset"; did you mean "test"/,
    },
    "a split of a toy density": {
      call: () => toyData("moons").split(misspelt("valid")),
      type: UsageError,
      message: /expected one of train, validation, test, got "valid"/,
    },
  });
});

describe("labels", () => {
  const labels = (value: unknown) => ({ call: () => arrays({ x, labels: numbers(value) }) });
  refuses({
    text: { ...labels("1"), type: DataError, message: /got the string 1 in row 0/ },
    "big integers": { ...labels(1n), type: DataError, message: /got the bigint 1 in row 0/ },
    nothing: { ...labels(undefined), type: DataError, message: /undefined in row 0/ },
    "one-hot rows": { ...labels([9, -4]), type: DataError, message: /a list \[9,-4\] in row 0/ },
    "-1": { ...labels(-1), type: DataError, message: /got -1 in row 0/ },
  });

  it("may be of any number of classes: 299 stays 299", async () => {
    const many = arrays({ x, labels: [299, 0, 1, 2, 3, 4, 5, 6], validation: 0 });
    assert.equal(many.classes.length, 300);
    const { labels } = (await many.split("train")).take([0, 7]);
    assert.deepEqual([...labels!], [299, 6]);
  });
});

describe("draws beyond float32", () => {
  const runner = openModel(flow, flow.scope.initialArrays(Random.fromSeed(0)), { engine });
  refuses({
    "an endless temperature": {
      call: async () =>
        (await runner).sample(2, { random: Random.fromSeed(0), temperature: 1e300 }),
      type: DataError,
      message: /larger numbers at temperature 1e\+300; lower the temperature/,
    },
  });
});
