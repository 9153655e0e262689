import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exact } from "../../src/bijections/index.js";
import { compile } from "../../src/engine/compile.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import type { Tensor } from "../../src/graph/index.js";
import { convergeNorms, createModel } from "../../src/models/index.js";
import { Context } from "../../src/nn/index.js";
import {
  importPyTorch,
  type Imported,
  type ImportOptions,
} from "../../src/pytorch/import-pytorch.js";
import { IresnetError } from "../../src/errors.js";
import { ndarray, type Arrays } from "../../src/tree.js";
import { assertClose } from "../support/values.js";
import { fixture, forwardPass, type Pass } from "./fixtures.js";
import { bytesOf, text, zipFile, type Piece } from "./pickles.js";

/** What our model gives for x, its norms settled as they are whenever a model is opened. */
async function evaluate({ model, arrays }: Imported, x: Pass["x"]): Promise<Arrays> {
  const engine = referenceEngine();
  const ours = createModel(model.kind, model.config);
  const store = await engine.createStore(arrays);
  await convergeNorms(engine, ours, store);
  const compiled = compile(engine, ({ x: at }) => {
    const outputs: Record<string, Tensor> = {};
    const ctx = new Context({ phase: "infer", logDet: exact });
    if (ours.classifier) {
      outputs.logits = ours.classifier.logits(at!, ctx);
      outputs.z = ours.bijection!.forward(at!, ctx).value;
    } else {
      const { value, logDet } = ours.bijection!.forward(at!, ctx);
      Object.assign(outputs, { z: value, logDet });
    }
    return { outputs };
  });
  return compiled.call({ x: ndarray(Float32Array.from(x.data), x.shape) }, { store });
}

/** log N(z; mean, e^logScale) and z by that mean and deviation, of the base's arrays. */
function standardised(
  z: ArrayLike<number>,
  { arrays }: Imported,
): { data: number[]; logProb: number[]; logScale: number } {
  const mean = arrays["base.mean"]!.data;
  const logScale = arrays["base.logScale"]!.data;
  const data = Array.from(z, (value, i) => {
    const at = i % mean.length;
    return (value - mean[at]!) * Math.exp(-logScale[at]!);
  });
  const total = logScale.reduce((sum, s) => sum + s, 0);
  const logProb = Array.from({ length: data.length / mean.length }, (_, row) =>
    data
      .slice(row * mean.length, (row + 1) * mean.length)
      .reduce((sum, value) => sum - value ** 2 / 2 - Math.log(2 * Math.PI) / 2, -total),
  );
  return { data, logProb, logScale: total };
}

/** Latents of images that were squeezed once: theirs have channels 4c + q where ours have q·C + c. */
function inTheirOrder(z: readonly number[], size: number): number[] {
  const [channels, area] = [2, size / 8];
  return z.map((value, i) => {
    if (size === 0) return value;
    const [row, channel, place] = [Math.floor(i / size), Math.floor((i % size) / area), i % area];
    const ours = (channel % 4) * channels + Math.floor(channel / 4);
    return z[row * size + ours * area + place]!;
  });
}

const density = (name: string, options: ImportOptions, which?: "averaged" | "last") => async () => {
  const pass = forwardPass(name, which);
  const imported = importPyTorch(fixture(name), { where: name, ...options });
  const results = await evaluate(imported, pass.x);
  const z = results.z!.data;
  const ours = standardised(z, imported);
  const isFlow = options.from === "residual-flows";
  // theirs has its last ActNorm in z, ours in the base, and another order of channels
  const size = pass.x.shape.length === 4 ? pass.z.shape[1]! : 0;
  assertClose(isFlow ? inTheirOrder(ours.data, size) : z, pass.z.data, 2e-6, "z");
  const logDet = results.logDet!.data.map((value) => value - (isFlow ? ours.logScale : 0));
  assertClose(logDet, pass.logDet!.data, 2e-6, "logDet");
  const logProb = ours.logProb.map((value, i) => value + results.logDet!.data[i]!);
  assertClose(logProb, pass.logProb!.data, 2e-6, "logProb");
};

describe("importPyTorch of rtqichen/residual-flows", () => {
  it("gives what the toy model gives", density("toy.pth", { from: "residual-flows" }));

  it(
    "gives what a toy model with batch norms gives, from a file before PyTorch 1.6",
    density("toy-legacy.pth", { from: "residual-flows" }),
  );

  it(
    "gives what the model of images gives with averaged parameters",
    density("images.pth", { from: "residual-flows" }),
  );

  it(
    "gives what it gives with the last parameters",
    density("images.pth", { from: "residual-flows", averaged: false }, "last"),
  );
});

describe("importPyTorch of jhjacobsen/invertible-resnet", () => {
  it(
    "gives what the density of several scales gives, from a whole model",
    density("multiscale.t7", { from: "invertible-resnet" }),
  );

  it(
    "gives what the density of one scale gives, from numbers alone",
    density("single-scale.pth", { from: "invertible-resnet", shape: [2, 4, 4], task: "density" }),
  );

  it("gives what the classifier gives", async () => {
    const pass = forwardPass("classifier.pth");
    const imported = importPyTorch(fixture("classifier.pth"), {
      from: "invertible-resnet",
      shape: [3, 4, 4],
    });
    const results = await evaluate(imported, pass.x);
    assertClose(results.z!.data, pass.z.data, 2e-6, "z");
    assertClose(results.logits!.data, pass.logits!.data, 2e-6, "logits");
    assert.equal(imported.model.kind, "i-resnet-classifier");
  });
});

describe("importPyTorch", () => {
  const toy = (): Uint8Array => fixture("toy.pth");
  const classifier = (options: Partial<ImportOptions> = {}): Imported =>
    importPyTorch(fixture("classifier.pth"), {
      from: "invertible-resnet",
      shape: [3, 4, 4],
      ...options,
    });

  it("gives the model's configuration", () => {
    const { model } = importPyTorch(fixture("images.pth"), { from: "residual-flows" });
    const { c, ...config } = model.config as { c: number };
    assert.deepEqual(config, {
      shape: [2, 8, 8],
      blocks: [1, 1],
      widths: [3],
      activation: "lipswish",
      factorOut: false,
      squeezeFirst: false,
      pixels: "logit",
      alpha: 0.05,
      dense: { blocks: 4, widths: [2, 2] },
    });
    assert.ok(c >= 0.98 && c < 1, `c = ${c}`);
  });

  it("says what differs and what was assumed", () => {
    const { differences } = classifier();
    const all = differences.join("\n");
    for (const expected of [
      /c is taken to be 0\.9/,
      /taken to be "elu"/,
      /normalised as CIFAR-10/,
      /\(max\(1, σ\/c\) \+ 10⁻⁵\)/,
      /norms of 2 filters behind a squeeze at twice their height and width/,
    ]) {
      assert.match(all, expected);
    }
    const told = classifier({
      c: 0.9,
      activation: "elu",
      normalisation: { mean: [0, 0, 0], deviation: [1, 1, 1] },
    });
    assert.doesNotMatch(told.differences.join("\n"), /taken to be (0\.9|"elu"|normalised)/);
  });

  it("leaves weights as the original has them: none is above the bound", async () => {
    const { model, arrays } = importPyTorch(toy(), { from: "residual-flows" });
    const engine = referenceEngine();
    const ours = createModel(model.kind, model.config);
    const norms = await convergeNorms(engine, ours, await engine.createStore(arrays));
    const { c } = model.config as { c: number };
    assert.ok(Object.values(norms).every((norm) => norm <= c + 1e-4));
    assert.ok(Object.values(norms).some((norm) => norm > 0.8));
  });

  it("takes another c where the file doesn't say, and another model then", () => {
    const path = "stages.0.blocks.0.branch.conv1.weight";
    assert.notDeepEqual(classifier({ c: 0.5 }).arrays[path], classifier().arrays[path]);
  });

  const refusals: Readonly<Record<string, readonly [() => unknown, RegExp]>> = {
    "an option that contradicts the file": [
      () => importPyTorch(toy(), { from: "residual-flows", c: 0.5 }),
      /expected c 0\.9, which the file says, got 0\.5/,
    ],
    "a c that bounds nothing": [() => classifier({ c: NaN }), /expected c above 0, got NaN/],
    "an option of the other repository": [
      () => importPyTorch(toy(), { from: "residual-flows", task: "density" }),
      /expected no task for residual-flows/,
    ],
    "an activation that contradicts the file": [
      () => importPyTorch(toy(), { from: "residual-flows", activation: "elu" }),
      /expected activation lipswish/,
    ],
    "another shape than the file's": [
      () =>
        importPyTorch(fixture("multiscale.t7"), { from: "invertible-resnet", shape: [3, 8, 8] }),
      /expected shape 1,8,8/,
    ],
    "images of another size": [() => classifier({ shape: [3, 32, 32] }), /images of \[C, 4, 4\]/],
    "a classifier as density": [
      () => classifier({ task: "density" }),
      /a density without channels of zeros/,
    ],
    "the other repository's model": [
      () => importPyTorch(toy(), { from: "invertible-resnet" }),
      /blocks of convolutions/,
    ],
    "a model that factors out": [
      () => importPyTorch(settings("factor_out", "\x88"), { from: "residual-flows" }),
      /factor_out of false/,
    ],
    "norms that aren't spectral": [
      () => importPyTorch(settings("vnorms", text("122f")), { from: "residual-flows" }),
      /spectral norms alone, vnorms of 2s, got 122f/,
    ],
  };
  for (const [what, [run, expected]] of Object.entries(refusals)) {
    it(`refuses ${what}`, () => {
      assert.throws(run, (error) => {
        assert.ok(error instanceof IresnetError, String(error));
        assert.match(error.message, expected);
        return true;
      });
    });
  }
});

/** A checkpoint of images that keeps one argument of its script. */
function settings(name: string, value: Piece): Uint8Array {
  const tensor = bytesOf(
    "ctorch._utils\n_rebuild_tensor_v2\n((",
    text("storage"),
    "ctorch\nFloatStorage\n",
    text("0"),
    text("cpu"),
    "K\x01tQK\x00K\x01\x85K\x01\x85\x89NtR",
  );
  const state = bytesOf("}", text("transforms.0.chain.1.running_mean"), tensor, "s");
  const args = bytesOf("cargparse\nNamespace\n)\x81}", text(name), value, "sb");
  const pickle = bytesOf("\x80\x02}(", text("args"), args, text("state_dict"), state, "u.");
  return zipFile(pickle, { "0": new Uint8Array(4) });
}
