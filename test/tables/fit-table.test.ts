import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from "../../src/checkpoint/index.js";
import { arrayData, halvesOf, toyData } from "../../src/data/index.js";
import { range } from "../../src/data/data-set.js";
import { takeRows } from "../../src/data/table.js";
import { nodeEngine } from "../../src/engine/node.js";
import { DataError, UsageError } from "../../src/errors.js";
import { Random } from "../../src/random.js";
import { openRunner } from "../../src/runner/index.js";
import {
  fitTable,
  scoresAsTable,
  scoreTable,
  scoreTables,
  tableData,
  tableKinds,
  type TableProgress,
} from "../../src/tables/index.js";
import { csvOf, measurements, tableOf } from "./measurements.js";
import { closeAfter } from "../support/engine.js";

const engine = await nodeEngine({ threads: 1 });
const silent = (): void => undefined;

const rows = measurements(300, 1).map((one, i) =>
  [10, 70, 150].includes(i) ? { ...one, temperature: "" } : one,
);
const progress: TableProgress[] = [];
const data = tableData(await tableOf(csvOf(rows)));
const fitted = await fitTable(data, {
  engine,
  steps: 80,
  onWarning: silent,
  onProgress: (one) => progress.push(one),
});
const bytes = encodeCheckpoint(fitted!.checkpoint);
const runner = await openRunner(bytes, { engine });
closeAfter(runner, engine);
const kinds = tableKinds(runner.data!.table!);

describe("fitTable", () => {
  it("keeps the most likely of trials and training, and says how it came to be", () => {
    const { trials, noise, logProb, heldOut, step } = fitted!;
    assert.deepEqual(
      trials.map((trial) => trial.noise),
      [0.05, 0.2, 0.5],
    );
    const best = Math.max(...trials.map((trial) => trial.logProb));
    assert.equal(trials.find((trial) => trial.noise === noise)!.logProb, best);
    assert.ok(step === 0 ? logProb === best : logProb >= best);
    assert.equal(heldOut, 45);
    assert.deepEqual(progress[0]?.stage, "trial");
    assert.equal(progress[0].steps, 140);
    assert.equal(progress.at(-1)?.stage, "training");
    progress.forEach(({ step: taken }, i) => {
      assert.equal(taken, i + 1);
    });
  });

  it("says how likely those held-out rows are that chose, and no others", async () => {
    const split = await data.split("validation");
    const { choosing, calibrating } = halvesOf(split.count);
    const likelihood = async (places: Uint32Array): Promise<number> => {
      const { logProb } = await runner.score(split.take(places).x, { logDet: "exact" });
      return logProb.data.reduce((sum, value) => sum + value, 0) / places.length;
    };
    assert.equal(fitted!.choosing, choosing.length);
    assert.equal(choosing.length, 22);
    assert.ok(Math.abs((await likelihood(choosing)) - fitted!.logProb) < 1e-9);
    assert.ok(Math.abs((await likelihood(calibrating)) - fitted!.logProb) > 1e-3);
  });

  it("keeps what reads and scores other rows in the checkpoint", () => {
    const { data } = decodeCheckpoint(bytes, "test");
    assert.deepEqual(data, fitted!.checkpoint.data);
    assert.equal(data!.calibration!.scores.length + data!.calibration!.beyond, 23);
    assert.deepEqual(data!.table!.columns[4], {
      name: "temperature",
      kind: "number",
      fill: data!.table!.columns.flatMap((one) => ("fill" in one ? [one.fill] : []))[0],
    });
  });

  it("is a function of the seed, and learns one column and a few rows", async () => {
    const x = { shape: [12, 1], data: Random.fromSeed(3).normal(12) };
    const learn = (seed: number): ReturnType<typeof fitTable> =>
      fitTable(arrayData({ x, validation: 0.4 }), { engine, steps: 8, seed });
    const [one, same] = [await learn(1), await learn(1)];
    assert.deepEqual(one!.checkpoint, same!.checkpoint);
  });

  it("learns nothing from the held-out rows that calibrate", async () => {
    const random = Random.fromSeed(5);
    const draw = (name: string, count: number): Float64Array =>
      Float64Array.from(random.split(name).normal(2 * count), (z, i) =>
        i % 2 ? z : Math.exp(2 * z),
      );
    const x = { shape: [200, 2], data: draw("train", 200) };
    const learn = async (
      change: number,
    ): Promise<NonNullable<Checkpoint["data"]> & Pick<Checkpoint, "arrays">> => {
      const held = draw("held", 80);
      for (const row of halvesOf(80).calibrating) held[2 * row]! *= change;
      const validation = { x: { shape: [80, 2], data: held } };
      const data = arrayData({ x, validation, columns: ["load", "gain"], tails: ["load"] });
      const { checkpoint } = (await fitTable(data, { engine, steps: 8 }))!;
      return { ...checkpoint.data!, arrays: checkpoint.arrays };
    };
    const [one, other] = [await learn(1), await learn(30)];
    const [{ scores, ...scales }, { scores: others, ...same }] = [
      one.calibration!,
      other.calibration!,
    ];
    assert.deepEqual(other.arrays, one.arrays);
    assert.deepEqual(other.preprocessing, one.preprocessing);
    assert.ok(one.preprocessing!.columns.some((column) => "tail" in column && column.tail));
    assert.deepEqual(same, scales);
    assert.equal(scores.length, 40);
    assert.notDeepEqual(others, scores);
  });

  it("ends early with the best so far, or with nothing", async () => {
    const data = tableData(await tableOf(csvOf(rows)));
    for (const [stopAt, isKept] of [
      [1, false],
      [70, true],
    ] as const) {
      const controller = new AbortController();
      const result = await fitTable(data, {
        engine,
        steps: 80,
        onWarning: silent,
        signal: controller.signal,
        onProgress: ({ step }) => {
          assert.ok(step <= stopAt);
          if (step === stopAt) controller.abort();
        },
      });
      assert.equal(result !== undefined, isKept);
    }
  });

  it("refuses other data and options", async () => {
    await assert.rejects(fitTable(toyData("moons"), { engine }), UsageError);
    const images = arrayData({ x: { shape: [20, 1, 2, 2], data: new Uint8Array(80) } });
    await assert.rejects(fitTable(images, { engine }), DataError);
    const data = tableData(await tableOf(csvOf(rows)));
    await assert.rejects(fitTable(data, { engine, steps: 0, onWarning: silent }), UsageError);
    await assert.rejects(fitTable(data, { engine, ...{ step: 3 } }), /did you mean "steps"/);
  });
});

describe("scoreTable", () => {
  it("gives fresh normal rows p-values that are about uniform, and outliers small ones", async () => {
    const fresh = await tableOf(csvOf(measurements(400, 2)), { kinds });
    const { pValue, logProb, problems } = await scoreTable(runner, fresh);
    assert.deepEqual(problems, []);
    assert.ok(pValue.every((p) => p > 0 && p <= 1) && logProb.every(Number.isFinite));
    // 23 rows that calibrate place each quantile within 3·√(q(1 − q)/23), fresh ones within a quarter of that.
    for (const q of [0.25, 0.5, 0.75]) {
      const share = pValue.filter((p) => p <= q).length / pValue.length;
      assert.ok(Math.abs(share - q) < 4 * Math.sqrt((q * (1 - q)) / 23), `${share} for ${q}`);
    }
    const odd = measurements(20, 3).map((one) => ({ ...one, length: "1400", mass: "0.0005" }));
    const outliers = await scoreTable(runner, await tableOf(csvOf(odd), { kinds }));
    assert.ok(outliers.pValue.every((p) => p === 1 / 24));
  });

  it("changes no figure with the way a file is cut, nor with bad rows beside", async () => {
    const csv = csvOf(measurements(30, 4));
    const whole = await scoreTable(runner, await tableOf(csv, { kinds }));
    const parts = measurements(30, 4).map((one, i) => (i === 11 ? { ...one, site: "west" } : one));
    const changed = await tableOf(csvOf(parts), { kinds });
    const tables = [range(0, 7), range(7, 12), range(12, 30)].map((cut) => takeRows(changed, cut));
    const found: number[] = [];
    for await (const { logProb } of scoreTables(runner, tables)) found.push(...logProb);
    found.forEach((value, row) => {
      if (row === 11) assert.ok(Number.isNaN(value));
      else assert.ok(Math.abs(value - whole.logProb[row]!) < 1e-3, `${value} ${row}`);
    });
  });

  it("lists rows that can't be scored or have density 0, and keeps their places", async () => {
    const csv = csvOf(
      measurements(5, 5).map((one, i) => ({
        ...one,
        ...(i === 1 && { site: "west" }),
        ...(i === 2 && { temperature: "" }),
        ...(i === 3 && { gain: "8" }),
      })),
    );
    const scores = await scoreTable(runner, await tableOf(csv, { kinds, invalid: "missing" }));
    assert.deepEqual(Array.from(scores.lines), [2, 3, 4, 5, 6]);
    assert.deepEqual(Array.from(scores.pValue, Number.isNaN), [false, true, false, false, false]);
    assert.equal(scores.logProb[3], -Infinity);
    const written = scoresAsTable(scores);
    const [, logP] = written.columns;
    assert.ok(logP?.kind === "number");
    logP.values.forEach((value, row) => {
      assert.ok(Object.is(value, Number(scores.logProb[row]!.toPrecision(9))), String(value));
    });
    const [note] = written.columns.slice(-1);
    assert.ok(note?.kind === "text");
    assert.deepEqual(
      Array.from(note.codes, (code) => note.dictionary[code]),
      [
        undefined,
        'site: expected one of "east", "north", "south", as in training, got "west"',
        undefined,
        "gain: 8, where training rows had 7",
        undefined,
      ],
    );
  });

  it("refuses a model that no table calibrated", async () => {
    const { data, ...rest } = fitted!.checkpoint;
    const { calibration, ...plain } = data!;
    assert.ok(calibration);
    const other = await openRunner({ ...rest, data: plain }, { engine });
    await assert.rejects(
      scoreTable(other, await tableOf(csvOf(rows), { kinds })),
      /expected the model of a table with calibrated scores/,
    );
    await other.close();
  });
});
