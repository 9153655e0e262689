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
import { ndarray, type Arrays } from "../../src/tree.js";
import { assertClose } from "../support/values.js";
import { fixture, forwardPass, type Pass } from "./fixtures.js";

/** What our model gives for x, its norms settled as they are whenever a model is opened. */
async function evaluate({ model, arrays }: Imported, x: Pass["x"]): Promise<Arrays> {
  const engine = referenceEngine();
  const ours = createModel(model.kind, model.config);
  const store = await engine.createStore(arrays);
  await convergeNorms(engine, ours, store);
  const compiled = compile(engine, ({ x: at }) => {
    const outputs: Record<string, Tensor> = {};
    const ctx = new Context({ phase: "infer", logDet: exact });
    if ("logits" in ours) {
      outputs.logits = ours.logits(at!, ctx);
      outputs.z = ours.bijection!.forward(at!, ctx).value;
    } else {
      const { value, logDet } = ours.bijection.forward(at!, ctx);
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
  assertClose(isFlow ? inTheirOrder(ours.data, size) : z, pass.z.data, 1e-5, "z");
  const logDet = results.logDet!.data.map((value) => value - (isFlow ? ours.logScale : 0));
  assertClose(logDet, pass.logDet!.data, 1e-4, "logDet");
  const logProb = ours.logProb.map((value, i) => value + results.logDet!.data[i]!);
  assertClose(logProb, pass.logProb!.data, 1e-4, "logProb");
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
    assertClose(results.z!.data, pass.z.data, 1e-5, "z");
    assertClose(results.logits!.data, pass.logits!.data, 1e-5, "logits");
    assert.equal(imported.model.kind, "i-resnet-classifier");
  });
});
