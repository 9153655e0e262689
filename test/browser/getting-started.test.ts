import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copyWebAssets } from "iresnet/node";
import { siteServer } from "../../scripts/site/serve.js";
import { blocksOf } from "../support/markdown.js";
import { farFromMoons } from "../support/moons.js";
import { executable, launch } from "./chromium.js";

const skip = executable === undefined && "no Chromium here; name one in CHROMIUM";

describe("the page of docs/getting-started.md", { skip }, () => {
  it("trains and draws two moons, served beside the files of web-assets", async () => {
    const pages = blocksOf("docs/getting-started.md").filter(({ code }) =>
      code.startsWith("<!doctype"),
    );
    assert.equal(pages.length, 1);
    const folder = await mkdtemp(join(tmpdir(), "iresnet-getting-started-"));
    await copyWebAssets(join(folder, "iresnet"));
    await writeFile(join(folder, "index.html"), pages[0]!.code);
    const server = siteServer(folder);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const browser = await launch({ hasWebGpu: false });
    try {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      const drawn = await page.waitForFunction(drawnPlaces, undefined, { timeout: 240_000 });
      const places = (await drawn.jsonValue())!;
      const pixels = places.length / 2;
      assert.ok(pixels > 1000, `${pixels} pixels`);
      const far = await farFromMoons(places);
      assert.ok(far < 0.1 * pixels, `${far} of ${pixels} pixels are far from the moons`);
      assert.deepEqual(errors, []);
    } finally {
      await browser.close();
      server.close();
      server.closeAllConnections();
      await rm(folder, { recursive: true });
    }
  });
});

/** Places x, y, x, y, … of the pixels that are drawn, where the page has drawn any. */
function drawnPlaces(): number[] | undefined {
  const context = document.querySelector("canvas")!.getContext("2d")!;
  const { data } = context.getImageData(0, 0, 400, 400);
  const places: number[] = [];
  for (let i = 0; i < 160_000; i++) {
    if (data[4 * i + 3] === 255)
      places.push(((i % 400) - 200) / 50, (200 - Math.floor(i / 400)) / 50);
  }
  return places.length > 0 ? places : undefined;
}
