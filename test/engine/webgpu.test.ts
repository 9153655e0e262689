import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { softwareAdapter } from "../support/vulkan.js";

const skip = softwareAdapter === undefined && "no SwiftShader here; name its folder in SWIFTSHADER";

/** Runs a script in a process of its own: libraries look for adapters when a process starts. */
async function run(script: string, env: NodeJS.ProcessEnv): Promise<string> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [file], { env });
  return stdout;
}

describe("nodeEngine on WebGPU", () => {
  it(
    "does what the CPU and the float64 reference do, on a software adapter",
    { skip },
    async (t) => {
      const output = await run("./webgpu-parity.js", softwareAdapter!);
      for (const line of output.trim().split("\n")) t.diagnostic(line);
      assert.match(output, /agreed/);
    },
  );

  it("is refused without an adapter, and left for the CPU by `auto`", async () => {
    const nowhere = { ...process.env, VK_ICD_FILENAMES: "/nowhere", VK_DRIVER_FILES: "/nowhere" };
    const output = await run("./webgpu-absent.js", nowhere);
    assert.match(output, /^cpu\nIresnetError: nodeEngine: expected a WebGPU adapter, got none/);
  });
});
