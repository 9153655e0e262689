import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Engine } from "../../src/engine/index.js";
import { nodeEngine } from "../../src/engine/node.js";
import { openOnnxFile } from "../../src/engine/node-file.js";
import { checkExport, exportOnnx, exportTargets } from "../../src/export/index.js";
import type { PartName } from "../../src/models/index.js";
import { smallModels } from "../models/small-configs.js";
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

/** A Python that has the module. */
function pythonWith(module: string): string | undefined {
  return ["python3", "/usr/bin/python3"].find(
    (python) => spawnSync(python, ["-c", `import ${module}`]).status === 0,
  );
}

describe("exported files of every model", () => {
  const folder = mkdtempSync(join(tmpdir(), "iresnet-export-"));
  const files: string[] = [];
  let engine: Engine;
  before(async () => {
    engine = await nodeEngine({ threads: 1 });
  });
  after(async () => {
    await engine.close();
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
          files.push(join(folder, `${files.length}.onnx`));
          writeFileSync(files.at(-1)!, bytes);
          for (const optimise of ["all", "disabled"] as const) {
            const file = await openOnnxFile(bytes, { optimise });
            const found = await checkExport(runner, description, (inputs) => file.run(inputs));
            assert.ok(found.length >= 3);
            for (const { output, rows, difference } of found) {
              assert.ok(
                difference <= 1e-5,
                `${to} ${optimise} ${output} of ${rows}: ${difference}`,
              );
            }
            await file.close();
          }
        }
        await runner.close();
      });
    }
  }

  it("pass the checker of onnx", (t) => {
    const python = pythonWith("onnx");
    if (python === undefined) {
      t.skip("no python3 with onnx here");
      return;
    }
    assert.ok(files.length > 0);
    const { stdout, stderr } = spawnSync(python, ["-c", checker, ...files], { encoding: "utf8" });
    assert.equal(stdout.trim(), String(files.length), stderr);
  });
});
