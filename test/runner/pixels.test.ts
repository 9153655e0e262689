import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { evaluate } from "../../src/engine/reference.js";
import { DataError } from "../../src/errors.js";
import { input } from "../../src/graph/index.js";
import { glow, iResNetClassifier, iResNetHybrid, maf, resNet } from "../../src/models/index.js";
import { Context } from "../../src/nn/index.js";
import { Random } from "../../src/random.js";
import { ndarray, type NDArray } from "../../src/tree.js";
import { assertClose } from "../support/values.js";
import { opened, rowsFor } from "./support.js";

const density = maf({ shape: [1, 2, 2], layers: 1, hidden: [5] });
const classifierConfig = {
  shape: [1, 2, 2],
  classes: 2,
  blocks: [1],
  widths: [4],
  channels: 1,
  squeezeFirst: false,
  centre: { mean: 30, deviation: 70 },
};
const images = (...data: readonly number[]): NDArray => ndarray(data, [data.length / 4, 1, 2, 2]);

/** Images as strangers have them, and what the message says of them. */
const others: Readonly<Record<string, readonly [NDArray, RegExp]>> = {
  "0...1": [
    images(0, 0.25, 0.5, 1),
    /from 0 to 1, first in row 0; .*divided by 255: multiply them by 255/,
  ],
  "-1...1": [images(-1, 0.25, 0.5, 1), /from -1 to 1, .*scaled to -1…1: add 1/],
  "16 bits": [images(0, 700, 65535, 1), /whole values from 0 to 65535, .*16 bits: divide/],
  standardised: [images(0.1, -2.25, 3.5, 1), /from -2\.25 to 3\.5, .*pixels: "real"/],
  "one row": [images(0, 1, 2, 3, 255, 256, 0, 9), /from 0 to 256, first in row 1; /],
};

describe("pixels", () => {
  for (const [what, [x, message]] of Object.entries(others)) {
    it(`of another range are refused with it: ${what}`, async () => {
      const expected = { name: DataError.name, message };
      const runner = await opened(density);
      await assert.rejects(runner.score(x), expected);
      await assert.rejects(runner.forward(x), expected);
      const hybrid = await opened(
        iResNetHybrid({ shape: [1, 2, 2], classes: 2, blocks: [1], widths: [2] }),
      );
      await assert.rejects(hybrid.predict(x), expected);
      const classifier = await opened(iResNetClassifier(classifierConfig));
      await assert.rejects(classifier.predict(x), expected);
      await assert.rejects(classifier.forward(x), expected);
      const { squeezeFirst, ...config } = classifierConfig;
      const resnet = await opened(resNet({ ...config, channels: 4 }));
      await assert.rejects(resnet.predict(x), expected);
      assert.equal(squeezeFirst, false);
    });
  }

  it("must be whole for a density, not for a classifier", async () => {
    const x = images(0, 17.5, 255, 3);
    const runner = await opened(density);
    await assert.rejects(runner.score(x), /expected whole pixels .* from 0 to 255.*round them/);
    const classifier = await opened(iResNetClassifier(classifierConfig));
    assert.deepEqual((await classifier.predict(x)).shape, [1, 2]);
  });

  it("of two values are taken for black", async () => {
    const runner = await opened(density);
    const { logProb } = await runner.score(images(0, 1, 1, 0));
    assert.ok(Number.isFinite(logProb.data[0]));
  });

  it("are mapped by their middles, which the inverse takes away again", async () => {
    const runner = await opened(density);
    const x = rowsFor(density, 3);
    const z = await runner.forward(x);
    const middle = { shape: x.shape, data: x.data.map((value) => value + 0.5) };
    const mapped = density.bijection.forward(
      input("x", x.shape),
      new Context({ phase: "infer" }),
    ).value;
    const arrays = density.scope.initialArrays(Random.fromSeed(1));
    const expected = evaluate({ mapped }, { ...arrays, x: middle }).mapped;
    assertClose(z.data, expected.data, 1e-6, "z");
    assertClose((await runner.inverse(z)).data, x.data, 1e-3, "x");
  });

  it("are a lower bound where noise is added, and not where it isn't", async () => {
    assert.equal((await (await opened(density)).score(rowsFor(density, 1))).isBound, true);
    const real = glow({ shape: [1, 2, 2], steps: [1], widths: [3], pixels: "real" });
    assert.equal(real.pixels, false);
    const runner = await opened(real);
    const x = images(0.1, -2.25, 3.5, 1);
    const once = await runner.score(x, { random: Random.fromSeed(1) });
    assert.equal(once.isBound, false);
    assert.deepEqual((await runner.score(x, { random: Random.fromSeed(2) })).logProb, once.logProb);
    assertClose((await runner.inverse(await runner.forward(x))).data, x.data, 1e-6, "x");
    const classifier = await opened(iResNetClassifier({ ...classifierConfig, pixels: "real" }));
    assert.deepEqual((await classifier.predict(x)).shape, [1, 2]);
  });
});
