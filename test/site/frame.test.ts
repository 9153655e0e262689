import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, describe, it } from "node:test";
import { engineReady, openSite, skip, type TestSite } from "./site.js";

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

describe("the page's frame", { skip }, () => {
  let site: TestSite;
  before(async () => {
    site = await openSite();
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

  it("serves its folder's files alone", async () => {
    assert.equal(await rawStatus(site.url, "/main.js"), 200);
    assert.equal(await rawStatus(site.url, "/iresnet"), 404);
    for (const path of ["/../package.json", "/%2e%2e/package.json", "/..%2fpackage.json", "/%00"]) {
      assert.equal(await rawStatus(site.url, path), 404, path);
    }
  });
});
