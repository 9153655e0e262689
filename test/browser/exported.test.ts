import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { nodeEngine } from "../../src/engine/node.js";
import { exportOnnx, type OnnxExport } from "../../src/export/index.js";
import { openSmall } from "../export/runners.js";
import { executable, launch, openPage } from "./chromium.js";

const skip = executable === undefined && "no Chromium here; name one in CHROMIUM";
const rows = [
  [0.3, -1],
  [1.5, 0.25],
  [-2, 0.5],
];

/** Serves the example with a file of an export beside it, and onnxruntime-web as it is shipped. */
async function serveExample({ bytes, description }: OnnxExport): Promise<{
  readonly url: string;
  close(): void;
}> {
  const page = readFileSync(new URL("../../../examples/score.html", import.meta.url));
  const runtime = new URL(".", import.meta.resolve("onnxruntime-web"));
  const files = new Map<string, string | Uint8Array>([
    ["/", page],
    ["/my.onnx", bytes],
    ["/my.json", JSON.stringify(description)],
  ]);
  const types: Readonly<Record<string, string>> = {
    mjs: "text/javascript",
    wasm: "application/wasm",
  };
  const server = createServer(({ url = "/" }, response) => {
    const name = /^\/ort\/([\w.-]+)$/.exec(url)?.[1];
    const content = name === undefined ? files.get(url) : readFileSync(new URL(name, runtime));
    const type = types[url.split(".").at(-1)!] ?? "text/html";
    response.writeHead(content ? 200 : 404, { "Content-Type": type });
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

describe("an exported file in a page", { skip }, () => {
  it("scores rows as the runner does, in the example", async () => {
    const engine = await nodeEngine({ threads: 1 });
    const config = { shape: [2], blocks: [2], widths: [8] };
    const runner = await openSmall(engine, "i-resnet-density", config);
    const { logProb } = await runner.score({ shape: [3, 2], data: rows.flat() });
    const site = await serveExample(await exportOnnx(runner, { to: "score" }));
    await runner.close();
    await engine.close();
    const browser = await launch({ hasWebGpu: false });
    try {
      const page = await openPage(browser, site.url);
      await page.waitForSelector("[data-ready]");
      await page.fill("#rows", JSON.stringify(rows));
      await page.click("#run");
      await page.waitForFunction("document.querySelector('#scores').textContent !== ''");
      const text = await page.textContent("#scores");
      text!.split("\n").forEach((score, row) => {
        const difference = Math.abs(Number(score) - logProb.data[row]!);
        assert.ok(difference <= 1e-5 * (1 + Math.abs(logProb.data[row]!)), `${row}: ${score}`);
      });
      assert.equal(text!.split("\n").length, 3);
    } finally {
      await browser.close();
      site.close();
    }
  });
});
