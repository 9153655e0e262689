import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/checkpoint/index.js";
import { UsageError } from "../../src/errors.js";
import { fitPictures, pictureData, scorePictures } from "../../src/images/index.js";
import { auroc, evaluate } from "../../src/measure/index.js";
import { openRunner } from "../../src/runner/index.js";
import { somePictures } from "./pictures.js";
import { testEngine } from "../support/engine.js";

describe("fitPictures", async () => {
  const engine = await testEngine();

  const data = pictureData(somePictures(60, { size: [4, 8] }));

  it("learns a classifier that tells the classes of other pictures", async () => {
    const fitted = (await fitPictures(data, { engine, model: "i-resnet-classifier", steps: 40 }))!;
    assert.ok(fitted.evaluation.task === "classification" && fitted.evaluation.nll < 0.4);
    const runner = await openRunner(fitted.checkpoint, { engine });
    const fresh = somePictures(30, { size: [4, 8], seed: 5 });
    const { classes, density } = await scorePictures(runner, fresh);
    assert.equal(density, undefined);
    const wrong = classes!.names.filter((name, i) => ![...fresh.files].sort()[i]!.startsWith(name));
    assert.ok(wrong.length <= 3, `${wrong.length} wrong`);
    await runner.close();
  });

  it("learns a density whose best is kept, and whose scores find flat pictures", async () => {
    const fitted = (await fitPictures(data, { engine, steps: 25 }))!;
    const { checkpoint, evaluation, step } = fitted;
    assert.ok(step >= 1 && step <= 25);
    const bytes = encodeCheckpoint(checkpoint);
    const runner = await openRunner(decodeCheckpoint(bytes, "here"), { engine });
    const held = await data.split("validation");
    const again = await evaluate(runner, held);
    assert.ok(evaluation.task === "density" && again.task === "density");
    assert.ok(Math.abs(evaluation.value - again.value) < 1e-4);
    assert.equal(runner.data!.pictures!.heldOut!.length, held.count);
    const fresh = somePictures(20, { size: [4, 8], seed: 5 });
    const flat = {
      ...fresh,
      pixels: fresh.pixels.map((_, i) => 140 + 4 * Math.floor(i / 96)),
    };
    const [own, odd] = [
      (await scorePictures(runner, fresh)).density!,
      (await scorePictures(runner, flat)).density!,
    ];
    const isOdd = [...own.score.map(() => 0), ...odd.score.map(() => 1)].map(Boolean);
    assert.ok(auroc([...own.score, ...odd.score], isOdd) > 0.9);
    await runner.close();
  });

  it("ends early, with nothing or the best so far, and refuses options that it doesn't know", async () => {
    const controller = new AbortController();
    controller.abort();
    assert.equal(
      await fitPictures(data, { engine, steps: 5, signal: controller.signal }),
      undefined,
    );
    await assert.rejects(fitPictures(data, { engine, step: 3 } as object as never), UsageError);
  });
});
