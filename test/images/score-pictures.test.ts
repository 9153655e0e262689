import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Pictures } from "../../src/data/pictures/index.js";
import { describeData } from "../../src/data/index.js";
import { nodeEngine } from "../../src/engine/node.js";
import type { Engine } from "../../src/engine/index.js";
import { ShapeError, UsageError } from "../../src/errors.js";
import {
  heldOutScores,
  pictureData,
  pictureScoresAsTable,
  scorePictureChunks,
  scorePictures,
} from "../../src/images/index.js";
import { pngBits } from "../../src/measure/index.js";
import { iResNetDensity, iResNetHybrid } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { openModel, type AnyRunner } from "../../src/runner/index.js";
import { somePictures } from "./pictures.js";

const body = { shape: [3, 4, 6], blocks: [1], widths: [4], pixels: "centre" as const };
const options = { size: [4, 6] as const };

describe("scorePictures", () => {
  let engine: Engine;
  let runner: AnyRunner;
  const data = pictureData(somePictures(40, options));

  before(async () => {
    engine = await nodeEngine({ threads: 1 });
    const model = iResNetHybrid({ ...body, classes: 2, head: 4 });
    const arrays = model.scope.initialArrays(Random.fromSeed(1));
    const plain = await openModel(model, arrays, { engine, data: describeData(data) });
    const heldOut = await heldOutScores(plain, await data.split("validation"));
    runner = await openModel(model, arrays, {
      engine,
      data: { ...describeData(data), pictures: { ...data.pictures!, heldOut } },
    });
  });
  after(() => engine.close());

  const problem = { file: "light/000b.png", message: "light/000b.png: damaged" };
  const pictures: Pictures = { ...somePictures(6, options), problems: [problem] };

  it("gives each file its figures, in order, damaged ones with none", async () => {
    const { files, density, classes, problems } = await scorePictures(runner, pictures);
    assert.deepEqual(files, [...pictures.files, problem.file].sort());
    assert.deepEqual(problems, [problem]);
    const place = (file: string) => files.indexOf(file);
    const x = { shape: [6, 3, 4, 6], data: pictures.pixels };
    const { logProb } = await runner.score(x);
    const bits = pngBits(x);
    pictures.files.forEach((file, i) => {
      const row = place(file);
      assert.equal(density!.logProb[row], logProb.data[i]);
      assert.equal(density!.pngBits[row], bits[i]);
      assert.ok(Math.abs(density!.bitsPerDim[row]! + logProb.data[i]! / (72 * Math.LN2)) < 1e-9);
      assert.ok(Math.abs(density!.score[row]! + logProb.data[i]! / Math.LN2 + bits[i]!) < 1e-6);
      assert.ok(density!.pValue[row]! >= 1 / 7 && density!.pValue[row]! <= 1);
      assert.match(classes!.names[row]!, /^(light|striped)$/);
      assert.ok(classes!.probability[row]! >= 0.5);
    });
    const bad = place(problem.file);
    for (const values of [density!.logProb, density!.pngBits, density!.score, density!.pValue]) {
      assert.ok(Number.isNaN(values[bad]));
    }
    assert.equal(classes!.names[bad], "");
  });

  it("counts held-out pictures that are as unusual", async () => {
    const heldOut = await data.split("validation");
    const { heldOut: kept } = runner.data!.pictures!;
    assert.equal(kept!.length, heldOut.count);
    const { x } = heldOut.take(Array.from({ length: heldOut.count }, (_, i) => i));
    const again = { ...pictures, problems: [], count: heldOut.count, pixels: x.data as Uint8Array };
    const files = Array.from({ length: heldOut.count }, (_, i) => `${i}.png`);
    const { density } = await scorePictures(runner, { ...again, files });
    // The most unusual of n has p = 2/(n + 1), the most usual 1.
    const n = heldOut.count;
    const expected = Array.from({ length: n }, (_, i) => (i + 2) / (n + 1));
    assert.deepEqual(
      Array.from(density!.pValue.slice().sort(), (p) => Math.round(1e6 * p)),
      expected.map((p) => Math.round(1e6 * p)),
    );
  });

  it("gives the same whatever chunks the pictures come in, also empty ones", async () => {
    const all = somePictures(6, options);
    const part = (start: number, end: number): Pictures => ({
      ...all,
      count: end - start,
      pixels: all.pixels.subarray(72 * start, 72 * end),
      files: all.files.slice(start, end),
    });
    const whole = await scorePictures(runner, all);
    const found = new Map<string, number>();
    for await (const { files, density } of scorePictureChunks(runner, [
      part(0, 4),
      { ...part(4, 4), problems: [problem] },
      part(4, 6),
    ])) {
      files.forEach((file, i) => found.set(file, density!.score[i]!));
    }
    whole.files.forEach((file, i) => {
      assert.ok(Math.abs(found.get(file)! - whole.density!.score[i]!) < 1e-2);
    });
    assert.ok(Number.isNaN(found.get(problem.file)));
  });

  it("writes them as a table, with why a file has none", async () => {
    const table = pictureScoresAsTable(await scorePictures(runner, pictures));
    assert.deepEqual(
      table.columns.map(({ name }) => name),
      [
        ...["file", "log_p", "bits_per_dim", "png_bits", "score", "p_value"],
        ...["class", "probability", "note"],
      ],
    );
    const note = table.columns.at(-1)!;
    assert.ok(note.kind === "text");
    assert.deepEqual(note.dictionary, [problem.message]);
    assert.equal(note.codes.filter((code) => code === 0).length, 1);
  });

  it("scores by the mean of a density by class over its classes", async () => {
    const byClass = pictureData(somePictures(40, options), { conditional: true });
    const model = iResNetDensity({ ...body, condition: 2 });
    // Fresh branches end in zeros; these answer to the condition.
    const arrays = Object.fromEntries(
      Object.entries(model.scope.initialArrays(Random.fromSeed(2))).map(([name, array], i) => [
        name,
        /branch.*weight$|shift/.test(name)
          ? {
              ...array,
              data: Random.fromSeed(i)
                .normal(array.data.length)
                .map((v) => 0.5 * v),
            }
          : array,
      ]),
    );
    const other = await openModel(model, arrays, { engine, data: describeData(byClass) });
    const x = { shape: [6, 3, 4, 6], data: pictures.pixels };
    const [light, striped] = await Promise.all(
      [0, 1].map(async (label) => {
        const condition = {
          shape: [6, 2],
          data: Array.from({ length: 12 }, (_, i) => (i % 2 === label ? 1 : 0)),
        };
        return (await other.score(x, { condition })).logProb.data;
      }),
    );
    const gap = light!.map((value, i) => value - striped![i]!);
    assert.ok(
      gap.some((one) => Math.abs(one) > 1e-3),
      "the condition matters",
    );
    const { files, density } = await scorePictures(other, { ...pictures, problems: [] });
    pictures.files.forEach((file, i) => {
      const [a, b] = [light![i]!, striped![i]!];
      const expected = Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b))) - Math.LN2;
      assert.ok(Math.abs(density!.logProb[files.indexOf(file)]! - expected) < 1e-2);
    });
    await other.close();
  });

  it("refuses pictures of another size, and real numbers have no held-out scores", async () => {
    await assert.rejects(scorePictures(runner, somePictures(2)), (error) => {
      assert.ok(error instanceof ShapeError);
      assert.match(error.message, /shape \[3,4,6\], got \[3,8,12\]/);
      return true;
    });
    const real = iResNetDensity({ shape: [2], blocks: [1], widths: [4] });
    const arrays = real.scope.initialArrays(Random.fromSeed(1));
    const other = await openModel(real, arrays, { engine });
    await assert.rejects(heldOutScores(other, await data.split("validation")), UsageError);
    await other.close();
  });
});
