import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { siteServer } from "../../scripts/site/serve.js";
import { describeIn, engineReady, openSite, showAll, type TestSite } from "./site.js";

/** What the server answers to a path that no browser would send as it is. */
function rawStatus(url: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}

describeIn(["Chromium"], "the page's frame", (browser) => {
  let site: TestSite;
  before(async () => {
    site = await openSite(browser);
  });
  after(() => site.close());

  it("starts the engine without isolation, and asks nobody but its server", async (t) => {
    const { page, problems } = await site.open();
    await engineReady(page);
    const text = await page.textContent("#engine span");
    assert.match(text ?? "", /^Engine: onnxruntime-web \S+ wasm, 1 thread/);
    assert.deepEqual(problems, []);
    const total = site.built.firstLoad.reduce((sum, { bytes }) => sum + bytes, 0);
    t.diagnostic(`first load ${total} bytes`);
    assert.ok(total <= 1e6, `${total} bytes`);
    await page.context().close();
  });

  it("says why where the engine can't start", async () => {
    const { page } = await site.open();
    await page.route("**/*.wasm", (route) => route.fulfill({ status: 404, body: "" }));
    await page.reload();
    await engineReady(page);
    const text = await page.textContent("#engine span");
    assert.match(text ?? "", /^Engine: .*WebAssembly at \S+, got HTTP 404/);
    await page.context().close();
  });

  it("fits a phone, in light and in dark", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      const { page } = await site.open("", {
        viewport: { width: 360, height: 740 },
        colorScheme,
        hasTouch: true,
        isMobile: true,
      });
      await showAll(page);
      await page.waitForTimeout(300);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= 360, `${colorScheme}: ${wide} px`);
      await page.context().close();
    }
  });

  it("has no link that leads nowhere", async () => {
    const { page } = await site.open();
    const links = await page.evaluate(() =>
      [...document.querySelectorAll("a")].map((a) => a.getAttribute("href") ?? ""),
    );
    for (const link of links) {
      // The documentation is built beside the page; other sites aren't asked.
      if (link === "docs/" || link.startsWith("https:")) continue;
      if (link.startsWith("#")) assert.equal(await page.locator(link).count(), 1, link);
      else assert.equal(await rawStatus(site.url, `/${link}`), 200, link);
    }
    await page.context().close();
  });

  it("isolates pages where it is asked to", async () => {
    for (const isolated of [false, true]) {
      const server = siteServer(tmpdir(), { isolated });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      await writeFile(join(tmpdir(), `iresnet-site-${port}.html`), "<!doctype html>");
      const response = await fetch(`http://127.0.0.1:${port}/iresnet-site-${port}.html`);
      assert.equal(response.status, 200);
      const policy = response.headers.get("Cross-Origin-Embedder-Policy");
      assert.equal(policy, isolated ? "require-corp" : null);
      await rm(join(tmpdir(), `iresnet-site-${port}.html`));
      server.close();
      server.closeAllConnections();
    }
  });

  it("serves its folder's files alone", async () => {
    assert.equal(await rawStatus(site.url, "/main.js"), 200);
    assert.equal(await rawStatus(site.url, "/iresnet"), 404);
    for (const path of ["/../package.json", "/%2e%2e/package.json", "/..%2fpackage.json", "/%00"]) {
      assert.equal(await rawStatus(site.url, path), 404, path);
    }
  });
});
