import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { mapped, type Bijection } from "../../src/bijections/index.js";
import { StandardGaussian } from "../../src/distributions/index.js";
import { openOnnxFile } from "../../src/engine/node-file.js";
import { IresnetError, UsageError } from "../../src/errors.js";
import {
  checkExport,
  expectEqualResults,
  exportOnnx,
  type ExportOptions,
  type FileArrays,
} from "../../src/export/index.js";
import { axisSize, constant, mul, type Tensor } from "../../src/graph/index.js";
import { defineModel } from "../../src/models/index.js";
import { BatchAxis } from "../../src/onnx/index.js";
import { openModel, type AnyRunner } from "../../src/runner/index.js";
import { smallModels } from "../models/small-configs.js";
import { openSmall } from "./runners.js";
import { testEngine } from "../support/engine.js";

describe("BatchAxis", () => {
  const batch = new BatchAxis(1009, "x");

  it("tells what of a number the batch makes", () => {
    assert.equal(batch.split(64), undefined);
    assert.equal(batch.split(-1), undefined);
    assert.equal(batch.split(1e300), undefined);
    assert.equal(batch.split(NaN), undefined);
    assert.deepEqual(batch.split(1009), { times: 1, rest: 0 });
    assert.deepEqual(batch.split(3 * 1009 - 2), { times: 3, rest: -2 });
  });

  it("names axes", () => {
    const names = [5, 1009, 2018, 1011, 1008].map((n) => batch.dimension(n));
    assert.deepEqual(names, [5, "batch", "2*batch", "batch + 2", "batch - 1"]);
  });
});

/** x ↦ x·f(B), which no row does by itself. */
const crowd = (f: (rows: number) => number) =>
  defineModel({
    kind: "crowd",
    name: "Crowd",
    task: "density",
    paper: "none",
    year: 2024,
    schema: z.strictObject({}),
    build: () => {
      const scaled = (x: Tensor) =>
        mapped(mul(x, f(axisSize(x, 0))), () => constant(0, [axisSize(x, 0)]));
      const bijection: Bijection = {
        inShape: [2],
        outShape: [2],
        forward: scaled,
        inverse: scaled,
      };
      return {
        shape: [2],
        bijection,
        density: { base: new StandardGaussian(2), logDet: "closed form" as const },
      };
    },
  })({});

describe("exportOnnx", async () => {
  const engine = await testEngine();

  const plane = (): Promise<AnyRunner> =>
    openSmall(engine, "i-resnet-density", { shape: [2], blocks: [2], widths: [8] });

  it("refuses a model in which a row counts the others", async () => {
    for (const f of [(rows: number) => 1 / rows, (rows: number) => Math.ceil(Math.log2(rows))]) {
      const runner = await openModel(crowd(f), {}, { engine });
      await assert.rejects(
        exportOnnx(runner, { to: "forward" }),
        (error) =>
          error instanceof IresnetError && error.message.includes("treats each row by itself"),
      );
      await runner.close();
    }
  });

  it("computes with the size of the batch where a number grows with it", async () => {
    const runner = (await openModel(
      crowd((rows) => rows),
      {},
      { engine },
    )) as AnyRunner;
    const { bytes } = await exportOnnx(runner, { to: "forward" });
    const file = await openOnnxFile(bytes);
    for (const rows of [1, 5, 64]) {
      const x = { shape: [rows, 2], data: new Float32Array(2 * rows).fill(0.5) };
      const { z: scaled } = await file.run({ x });
      assert.ok(scaled!.data.every((value) => value === 0.5 * rows));
    }
    await file.close();
    await runner.close();
  });

  it("gives NaN for a row that isn't finite, and the others what they get without it", async () => {
    const runner = await plane();
    for (const to of ["score", "forward", "inverse"] as const) {
      const { bytes, description } = await exportOnnx(runner, { to });
      const file = await openOnnxFile(bytes);
      const [name] = Object.keys(description.inputs);
      const run = (data: number[]): Promise<FileArrays> =>
        file.run({ [name!]: { shape: [data.length / 2, 2], data: Float32Array.from(data) } });
      const together = await run([0.3, -1, NaN, 0, 2, Infinity, 1, 1]);
      const alone = await run([0.3, -1, 1, 1]);
      for (const [output, { data, shape }] of Object.entries(together)) {
        if (output === "residual") continue;
        const size = data.length / shape[0]!;
        const rows = Array.from({ length: 4 }, (_, row) => [
          ...data.slice(row * size, (row + 1) * size),
        ]);
        assert.ok([...rows[1]!, ...rows[2]!].every(Number.isNaN), output);
        assert.deepEqual([...rows[0]!, ...rows[3]!], [...alone[output]!.data], output);
      }
      await file.close();
    }
    await runner.close();
  });

  it("takes zeros for noise, and no number for a sample's", async () => {
    const runner = await plane();
    const { bytes } = await exportOnnx(runner, { to: "sample" });
    const file = await openOnnxFile(bytes);
    const noise = { shape: [3, 2], data: Float32Array.of(0, 0, NaN, 1, 0, 0) };
    const { x } = await file.run({ noise });
    assert.deepEqual([...x!.data.slice(0, 2)], [...x!.data.slice(4)]);
    assert.ok(x!.data.slice(0, 2).every(Number.isFinite));
    assert.ok(x!.data.slice(2, 4).every(Number.isNaN));
    await file.close();
    await runner.close();
  });

  it("takes of a probe the signs alone, and a usual probe for zeros", async () => {
    const runner = await plane();
    const { bytes, description } = await exportOnnx(runner, { to: "score", terms: 8 });
    assert.equal(description.logDet?.method, "series");
    const size = Number(description.inputs.probe!.shape[1]);
    const file = await openOnnxFile(bytes);
    const x = { shape: [1, 2], data: Float32Array.of(0.3, -0.7) };
    const logDet = async (value: number): Promise<number> => {
      const probe = { shape: [1, size], data: new Float32Array(size).fill(value) };
      return (await file.run({ x, probe })).log_det!.data[0]!;
    };
    const usual = await logDet(0);
    assert.equal(await logDet(1), usual);
    assert.equal(await logDet(0.01), usual);
    // −v and v give the same vᵀJᵏv.
    assert.equal(await logDet(-3), usual);
    const exact = (await runner.score(x, { logDet: "exact" })).logDet.data[0]!;
    assert.ok(usual !== 0 && Math.abs(usual - exact) < 1, `${usual} for ${exact}`);
    await file.close();
    await runner.close();
  });

  it("estimates as the runner does, by the same probes", async () => {
    for (const [kind, what] of [
      ["i-resnet-density", "plane, monotone, sines"],
      ["i-resnet-hybrid", "image"],
      ["ffjord", "plane"],
    ] as const) {
      const runner = await openSmall(engine, kind, smallModels[kind]!.configs[what]!);
      const { bytes, description } = await exportOnnx(runner, { to: "score", logDet: "estimate" });
      assert.ok(description.inputs.probe);
      const file = await openOnnxFile(bytes);
      expectEqualResults(await checkExport(runner, description, (inputs) => file.run(inputs)));
      await file.close();
      await runner.close();
    }
  });

  it("says what it is in its metadata, and as JSON", async () => {
    const runner = await plane();
    const { bytes, description } = await exportOnnx(runner, {
      to: "inverse",
      metadata: { checkpoint: { sha256: "abc" } },
    });
    assert.deepEqual(JSON.parse(JSON.stringify(description)), description);
    assert.deepEqual(description.outputs.residual!.shape, ["batch", 2]);
    assert.equal(description.checks.length, 2);
    const text = new TextDecoder("latin1").decode(bytes);
    for (const part of ["inverse of i-resnet-density", '"sha256":"abc"', "lipschitz", "batch"]) {
      assert.ok(text.includes(part), part);
    }
    await runner.close();
  });

  it("refuses unknown targets and options", async () => {
    const runner = await plane();
    for (const options of [{ to: "scores" }, { to: "score", term: 3 }, {}]) {
      await assert.rejects(exportOnnx(runner, options as ExportOptions), UsageError);
    }
    await assert.rejects(exportOnnx(runner, { to: "classify" }), /expected a model with classes/);
    await runner.close();
  });
});
