import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { npyBytes, outputArray } from "../../src/data/writers/index.js";
import type { Engine } from "../../src/engine/index.js";
import { nodeEngine } from "../../src/engine/node.js";
import { openOnnxFile } from "../../src/engine/node-file.js";
import { checkExport, exportOnnx, exportTargets } from "../../src/export/index.js";
import type { PartName } from "../../src/models/index.js";
import { ndarray } from "../../src/tree.js";
import { smallModels } from "../models/small-configs.js";
import { assertClose } from "../support/values.js";
import { pythonWith, PythonRuntime } from "./python.js";
import { openSmall } from "./runners.js";

const needs: Readonly<Record<(typeof exportTargets)[number], PartName>> = {
  score: "density",
  forward: "bijection",
  inverse: "bijection",
  sample: "density",
  classify: "classifier",
};

const checker = `
import onnx, sys
for path in sys.argv[1:]:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 13)], path
print(len(sys.argv) - 1)
`;

type RunFile = Parameters<typeof checkExport>[2];

describe("exported files of every model", () => {
  const folder = mkdtempSync(join(tmpdir(), "iresnet-export-"));
  const files: string[] = [];
  const withRuntime = pythonWith("onnxruntime");
  const python = withRuntime === undefined ? undefined : new PythonRuntime(withRuntime);
  let engine: Engine;
  before(async () => {
    engine = await nodeEngine({ threads: 1 });
  });
  after(async () => {
    await engine.close();
    python?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [kind, { configs }] of Object.entries(smallModels)) {
    for (const [what, config] of Object.entries(configs)) {
      it(`give what the runner gives, optimised or not: ${kind}, ${what}`, async () => {
        const runner = await openSmall(engine, kind, config);
        for (const to of exportTargets) {
          if (!runner.model.has(needs[to])) {
            await assert.rejects(exportOnnx(runner, { to }), /exportOnnx to \w+: expected a model/);
            continue;
          }
          const { bytes, description } = await exportOnnx(runner, { to });
          const path = join(folder, `${files.length}.onnx`);
          files.push(path);
          writeFileSync(path, bytes);
          const check = async (reader: string, run: RunFile): Promise<void> => {
            const found = await checkExport(runner, description, run);
            assert.ok(found.length >= 3);
            for (const { output, rows, difference } of found) {
              assert.ok(difference <= 1e-5, `${to} ${reader} ${output} of ${rows}: ${difference}`);
            }
          };
          for (const optimise of ["all", "disabled"] as const) {
            const file = await openOnnxFile(bytes, { optimise });
            await check(optimise, (inputs) => file.run(inputs));
            await file.close();
          }
          if (python) await check("in Python", (inputs) => python.run(path, inputs));
        }
        await runner.close();
      });
    }
  }

  it("pass the checker of onnx", (t) => {
    const checking = pythonWith("onnx");
    if (checking === undefined) {
      t.skip("no python3 with onnx here");
      return;
    }
    assert.ok(files.length > 0);
    const { stdout, stderr } = spawnSync(checking, ["-c", checker, ...files], { encoding: "utf8" });
    assert.equal(stdout.trim(), String(files.length), stderr);
  });

  it("are run by Python's onnxruntime, and by the example script", async (t) => {
    if (withRuntime === undefined) {
      t.skip("no python3 with onnxruntime here");
      return;
    }
    const { kind, config } = { kind: "maf", config: { shape: [2], hidden: [4], layers: 1 } };
    const runner = await openSmall(engine, kind, config);
    const { bytes, description } = await exportOnnx(runner, { to: "score" });
    writeFileSync(join(folder, "maf.onnx"), bytes);
    writeFileSync(join(folder, "maf.json"), JSON.stringify(description));
    const x = ndarray([0.5, -1, 2, 0.25], [2, 2]);
    const rows: Uint8Array[] = [];
    for await (const piece of npyBytes(outputArray("x", [...x.shape], x.data))) {
      rows.push(typeof piece === "string" ? Buffer.from(piece) : piece);
    }
    writeFileSync(join(folder, "rows.npy"), Buffer.concat(rows));
    const script = fileURLToPath(new URL("../../../examples/score.py", import.meta.url));
    const args = [script, join(folder, "maf.onnx"), join(folder, "rows.npy")];
    const { stdout, stderr } = spawnSync(withRuntime, args, { encoding: "utf8" });
    assert.equal(stderr, "");
    const { log_prob } = JSON.parse(stdout) as { readonly log_prob: number[] };
    const { logProb } = await runner.score(x);
    assertClose(Float64Array.from(log_prob), logProb.data, 1e-5, "log_prob");
    await runner.close();
  });
});
