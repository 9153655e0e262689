import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadFailure } from "../../src/engine/native-failure.js";

const linux = { platform: "linux-x64", glibc: "2.36" } as const;

describe("onnxruntime-node that doesn't load", () => {
  it("names the platforms there are", () => {
    const said = loadFailure({ platform: "darwin-x64", glibc: undefined, message: "no module" });
    assert.match(said, /for darwin-x64, got none: .*darwin-arm64/);
  });

  it("tells musl from glibc", () => {
    const message = "Error relocating libonnxruntime.so.1: __strdup: symbol not found";
    assert.match(loadFailure({ ...linux, glibc: undefined, message }), /musl.*node:22-slim/);
  });

  it("names the folder of another version in the process", () => {
    const folder = "/app/node_modules/other/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/";
    // As Linux says it.
    const message = `${folder}libonnxruntime.so.1: version \`VERS_1.30.0' not found (required by /app/x.node)`;
    const said = loadFailure({ ...linux, message });
    assert.ok(said.includes(`of ${folder}; install one version`), said);
  });

  it("hands on anything else", () => {
    assert.match(loadFailure({ ...linux, message: "disk error" }), /got disk error; install/);
  });
});
