import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { numberAt, placeOf, slopeAt, wholeCell } from "../../src/data/column-axis.js";
import { arrayData, hasIntervals, prepare, restore, stepsOf } from "../../src/data/index.js";
import { learnTail } from "../../src/data/tails.js";
import { UsageError } from "../../src/errors.js";
import { Random } from "../../src/random.js";
import { assertClose } from "../support/values.js";

const tail = { centre: 12, width: 0.3 };
const axis = { offset: 2.5, scale: 1.7, tail };

describe("a column's axis with a tail", () => {
  it("has the slope of float64 differences, and comes back", () => {
    for (const x of [-4e5, -30, 11, 12, 12.1, 900, 3e8]) {
      const h = 1e-5 * Math.max(0.1, Math.abs(x - 12));
      const slope = (placeOf(x + h, axis) - placeOf(x - h, axis)) / (2 * h);
      assert.ok(Math.abs(slope / slopeAt(x, axis) - 1) < 1e-6, `${x}: ${slope}`);
      assert.ok(Math.abs(numberAt(placeOf(x, axis), axis) / x - 1) < 1e-12, `${x}`);
    }
  });

  it("gives whole numbers the interval between their edges, however far out", () => {
    for (const k of [-7, 11, 12, 13, 4000]) {
      const { low, width, logDet } = wholeCell(k, 1, axis);
      assertClose([low + width], [placeOf(k + 1, axis)], 1e-9, `${k}`);
      assertClose([Math.exp(logDet)], [width], 1e-12, `${k}`);
    }
    // The difference of the edges would have no digits left here.
    const { width } = wholeCell(2 ** 52, 1, axis);
    assertClose([width * 2 ** 52], [1 / 1.7], 1e-9, "far out");
  });
});

const random = Random.fromSeed(5);
const drawn = (name: string, of: (z: number) => number): { train: number[]; heldOut: number[] } => {
  const z = Array.from(random.split(name).normal(1200), of);
  return { train: z.slice(0, 900), heldOut: z.slice(900) };
};
const column = (values: readonly number[]) => ({
  name: "x",
  count: values.length,
  at: (i: number) => values[i]!,
  isFloat32: false,
});

describe("learnTail", () => {
  it("takes columns with heavy tails, on one side or both, and makes them about normal", () => {
    for (const [name, of] of [
      ["lognormal", (z: number) => Math.exp(1.5 * z + 3)],
      ["skewed to the left", (z: number) => 40 - Math.exp(1.2 * z)],
      ["sinh", (z: number) => 5 * Math.sinh(2 * z)],
    ] as const) {
      const { train, heldOut } = drawn(name, of);
      const found = learnTail(column(train), column(heldOut));
      assert.ok(found, name);
      const mapped = train.map((x) => placeOf(x, { offset: 0, scale: 1, tail: found }));
      const mean = mapped.reduce((sum, x) => sum + x, 0) / mapped.length;
      const moment = (k: number): number =>
        mapped.reduce((sum, x) => sum + (x - mean) ** k, 0) / mapped.length;
      const kurtosis = moment(4) / moment(2) ** 2;
      assert.ok(Math.abs(kurtosis - 3) < 0.7, `${name}: ${kurtosis}`);
    }
  });

  it("leaves others as they are", () => {
    const uniform = Array.from(random.split("uniform").uniform(1200), (u) => 10 * u);
    for (const { train, heldOut } of [
      drawn("normal", (z) => 3 + 2 * z),
      drawn("two bumps", (z) => z + (z > 0 ? 5 : -5)),
      { train: uniform.slice(0, 900), heldOut: uniform.slice(900) },
      {
        train: Array<number>(900)
          .fill(1)
          .map((_, i) => i % 7),
        heldOut: [1, 2, 3],
      },
    ]) {
      assert.equal(learnTail(column(train), column(heldOut)), undefined);
    }
  });
});

describe("arrayData with tails and absent cells", () => {
  const n = 600;
  const z = random.split("rows").normal(4 * n);
  const x = {
    shape: [n, 4],
    data: Float64Array.from({ length: 4 * n }, (_, i) => {
      const at = Math.floor(i / 4);
      const isMissing = at % 10 === 0;
      const [price, count] = [Math.exp(2 * z[4 * at]! + 4), Math.floor(Math.exp(2 * z[i]! + 3))];
      return [isMissing ? 50 : price, isMissing ? 1 : 0, count, z[i]!][i % 4]!;
    }),
  };
  const columns = ["price", "price is missing", "count", "level"];
  // Half of the validation rows decide on tails: 60.
  const absent = { price: "price is missing" };
  const data = arrayData({ x, columns, validation: 0.2, tails: columns, absent });
  const plan = data.preprocessing!;

  it("learns a tail of those that have one, and nothing of cells that are missing", () => {
    const tailed = plan.columns.map((one) => "tail" in one && one.tail !== undefined);
    assert.deepEqual(tailed, [true, false, true, false]);
    assert.ok(hasIntervals(plan));
    assert.equal(stepsOf(plan), undefined);
    const present = Array.from({ length: n }, (_, row) => row).filter((row) => row % 10 > 0);
    const rows = {
      shape: [present.length, 4],
      data: present.flatMap((row) => [...x.data.slice(4 * row, 4 * row + 4)]),
    };
    const prepared = prepare(rows, plan).x.data.filter((_, i) => i % 4 === 0);
    const mean = prepared.reduce((sum, one) => sum + one, 0) / prepared.length;
    assert.ok(Math.abs(mean) < 0.1, `${mean}`);
  });

  it("prepares intervals whose log-determinant is that of their widths, and undoes it", () => {
    const { x: low, step, logDet } = prepare(x, plan);
    const middles = prepare(x, plan, "middles").x;
    for (const row of [0, 1, 2, 10, 77]) {
      const widths = [...step!.data.slice(4 * row, 4 * row + 4)];
      const slopes = plan.columns.map((one, c) => {
        assert.ok("scale" in one);
        return widths[c]! > 0 ? Math.log(widths[c]!) : Math.log(slopeAt(x.data[4 * row + c]!, one));
      });
      assertClose([logDet[row]!], [slopes.reduce((sum, one) => sum + one, 0)], 1e-5, `${row}`);
      assert.deepEqual(
        widths.map((width) => width > 0),
        [row % 10 === 0, true, true, false],
      );
    }
    // Any point of the interval is the same whole number.
    const within = low.data.map((one, i) => one + 0.7 * step!.data[i]!);
    const samples = restore({ shape: [n, 4], data: within }, plan, "samples");
    const events = restore(middles, plan, "middles");
    for (let i = 0; i < 4 * n; i++) {
      if (i % 4 === 2) assert.equal(samples.data[i], x.data[i]);
      assert.ok(Math.abs(events.data[i]! - x.data[i]!) <= 1e-4 * Math.max(1, Math.abs(x.data[i]!)));
    }
  });

  it("refuses names of no column", () => {
    assert.throws(() => arrayData({ x, columns, tails: ["prise"] }), /did you mean "price"/);
    assert.throws(() => arrayData({ x, columns, absent: { price: "gone" } }), UsageError);
  });
});
