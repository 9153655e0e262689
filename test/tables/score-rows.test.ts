import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { arrayData, prepare } from "../../src/data/index.js";
import { nodeEngine } from "../../src/engine/node.js";
import { UsageError } from "../../src/errors.js";
import { Conformal, neighbourDistances } from "../../src/measure/index.js";
import { Random } from "../../src/random.js";
import { openRunner } from "../../src/runner/index.js";
import { rowTerms } from "../../src/tables/held-out.js";
import { fitTable, OutlierScore, scoreRows } from "../../src/tables/index.js";
import type { NumberArray } from "../../src/tree.js";
import { closeAfter } from "../support/engine.js";

/** A ring with a height on it, and a whole number beside: three columns of other scales. */
function ring(rows: number, random: Random): NumberArray & { readonly data: Float64Array } {
  const angles = random.split("angle").uniform(rows);
  const normals = random.split("normal").normal(3 * rows);
  const data = new Float64Array(3 * rows);
  for (let row = 0; row < rows; row++) {
    const angle = 2 * Math.PI * angles[row]!;
    const radius = 1 + 0.1 * normals[3 * row]!;
    data[3 * row] = 100 * radius * Math.cos(angle);
    data[3 * row + 1] = radius * Math.sin(angle) + 0.1 * normals[3 * row + 1]!;
    data[3 * row + 2] = Math.round(20 + 4 * normals[3 * row + 2]!);
  }
  return { shape: [rows, 3], data };
}

const random = Random.fromSeed(11);
const engine = await nodeEngine({ threads: 1 });
const train = ring(240, random.split("train"));
const heldOut = ring(60, random.split("held out"));
const fitted = await fitTable(arrayData({ x: train, validation: { x: heldOut } }), {
  engine,
  steps: 40,
  onWarning: () => undefined,
});
const runner = await openRunner(fitted!.checkpoint, { engine });
closeAfter(runner, engine);
const { calibration, preprocessing } = fitted!.checkpoint.data!;

describe("scoreRows", () => {
  it("keeps the training rows as neighbours, standardised, to four decimals", () => {
    const { neighbours } = calibration!;
    const { x } = prepare(train, preprocessing, "middles");
    assert.equal(neighbours.length, 3 * 240);
    neighbours.forEach((value, i) => {
      assert.ok(Math.abs(value - x.data[i]!) < 5.1e-5);
    });
  });

  it("takes the larger of what log p and the distance say, and its p-value", async () => {
    const fresh = ring(50, random.split("fresh"));
    // The middle of the ring, where no row is.
    fresh.data.set([0, 0, 20], 0);
    const { logProb, score, pValue } = await scoreRows(runner, fresh);
    const { surprise, distance, neighbours, scores } = calibration!;
    const reference = { shape: [240, 3], data: neighbours };
    const distances = neighbourDistances(prepare(fresh, preprocessing, "middles").x, reference);
    const conformal = new Conformal(scores);
    score.forEach((value, row) => {
      const byFlow = (-logProb[row]! - surprise.median) / surprise.tail;
      const byDistance = (distances[row]! - distance.median) / distance.tail;
      assert.ok(Math.abs(value - Math.max(byFlow, byDistance)) < 1e-9);
      assert.equal(pValue[row], conformal.pValue(value));
    });
    assert.equal(pValue[0], 1 / 31);
    assert.equal(score[0], (distances[0]! - distance.median) / distance.tail);
  });

  it("changes no figure with how rows are cut, and gives NaN for rows that aren't numbers", async () => {
    const fresh = ring(20, random.split("cut"));
    const whole = await scoreRows(runner, fresh);
    fresh.data[3 * 4] = NaN;
    const rows = (from: number, to: number): NumberArray => ({
      shape: [to - from, 3],
      data: fresh.data.subarray(3 * from, 3 * to),
    });
    const parts = [
      await scoreRows(runner, rows(0, 7)),
      await scoreRows(runner, rows(7, 20), { first: 7 }),
    ];
    const [scores, ps] = [
      parts.flatMap((one) => [...one.score]),
      parts.flatMap((one) => [...one.pValue]),
    ];
    whole.score.forEach((value, row) => {
      if (row === 4) assert.ok(Number.isNaN(scores[row]) && Number.isNaN(ps[row]));
      else assert.ok(Math.abs(value - scores[row]!) < 1e-4, `${row}: ${value} ${scores[row]}`);
    });
  });

  it("refuses a model that wasn't calibrated, and unknown options", async () => {
    const { data, ...rest } = fitted!.checkpoint;
    const { calibration: left, ...plain } = data!;
    assert.ok(left);
    const other = await openRunner({ ...rest, data: plain }, { engine });
    await assert.rejects(scoreRows(other, train), UsageError);
    await other.close();
    await assert.rejects(
      scoreRows(runner, train, { first: 0, ...{ frist: 1 } }),
      /did you mean "first"/,
    );
  });
});

describe("False alarms", () => {
  it("come at their rate for fresh normal rows, over 20 seeds", async () => {
    const [held, count, seeds] = [199, 400, 20];
    const { neighbours } = calibration!;
    const rates = [0.01, 0.05] as const;
    const alarms = rates.map(() => 0);
    for (let seed = 0; seed < seeds; seed++) {
      const draw = random.split("seed").split(seed);
      const known = await rowTerms(runner, { x: ring(held, draw.split("held")) }, neighbours);
      const fresh = await rowTerms(runner, { x: ring(count, draw.split("fresh")) }, neighbours);
      const score = new OutlierScore(known);
      const conformal = new Conformal(score.of(known));
      const pValues = Array.from(score.of(fresh), (one) => conformal.pValue(one));
      rates.forEach((rate, i) => {
        alarms[i]! += pValues.filter((p) => p <= rate).length / count / seeds;
      });
    }
    rates.forEach((rate, i) => {
      // Of held-out rows and of fresh ones, both drawn.
      const error = Math.sqrt((rate * (1 - rate) * (1 / (held + 2) + 1 / count)) / seeds);
      assert.ok(Math.abs(alarms[i]! - rate) < 3 * error, `${alarms[i]} for ${rate} ± ${error}`);
    });
  });
});
