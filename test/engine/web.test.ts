import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { copyWebAssets } from "iresnet/node";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { webEngine } from "../../src/engine/web.js";

describe("webEngine outside a page", () => {
  it("says what to take there", async () => {
    await assert.rejects(webEngine(), /^UsageError: webEngine: expected a page.* take nodeEngine/);
  });

  it("refuses an option that it doesn't know", async () => {
    const misspelt = { thread: 1 } as object;
    await assert.rejects(webEngine(misspelt), /^UsageError: webEngine: .* did you mean "threads"/);
  });
});

describe("copyWebAssets", () => {
  it("copies the worker and the runtime's files, those for WebGPU if asked to", async () => {
    const folder = mkdtempSync(join(tmpdir(), "iresnet-assets-"));
    try {
      const files = await copyWebAssets(join(folder, "small"));
      assert.deepEqual(readdirSync(join(folder, "small")).sort(), [
        "iresnet.js",
        "ort-wasm-simd-threaded.mjs",
        "ort-wasm-simd-threaded.wasm",
        "worker.js",
      ]);
      for (const { path, bytes } of files) assert.equal(statSync(path).size, bytes);
      assert.equal((await copyWebAssets(join(folder, "all"), { webgpu: true })).length, 6);
      await assert.rejects(
        copyWebAssets(""),
        /^UsageError: copyWebAssets: expected a folder's path/,
      );
      const misspelt = { webgpus: true } as object;
      await assert.rejects(copyWebAssets(join(folder, "none"), misspelt), /did you mean "webgpu"/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is a command", () => {
    const folder = mkdtempSync(join(tmpdir(), "iresnet-assets-"));
    const cli = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
    const args = [cli, "web-assets", join(folder, "iresnet"), "--json"];
    const printed = execFileSync(process.execPath, args, { encoding: "utf8" });
    const { files } = JSON.parse(printed) as { files: { path: string }[] };
    assert.equal(files.length, 4);
    rmSync(folder, { recursive: true });
  });
});
