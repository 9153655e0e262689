import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Browser, Page } from "playwright-core";
import { nodeEngine } from "../../src/engine/node.js";
import { ndarray, type Arrays } from "../../src/tree.js";
import { largestDifference, trainSmall, useSmall } from "../support/small-flows.js";
import { executable, launch, openPage, serveSite, type Site } from "./chromium.js";
import type { Numbers, page as PageFunctions } from "./page.js";

type Functions = typeof PageFunctions;

/** Runs one of the page's functions there. */
async function inPage<K extends keyof Functions>(
  page: Page,
  name: K,
  ...args: Parameters<Functions[K]>
): Promise<Awaited<ReturnType<Functions[K]>>> {
  const script = `import("/page.js").then(({ page }) => page.${name}(...${JSON.stringify(args)}))`;
  return page.evaluate<Awaited<ReturnType<Functions[K]>>>(script);
}

const toNumbers = (arrays: Arrays): Numbers =>
  Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, data }]) => [name, { shape, data: [...data] }]),
  );

const fromNumbers = (numbers: Numbers): Arrays =>
  Object.fromEntries(
    Object.entries(numbers).map(([name, { shape, data }]) => [name, ndarray(data, shape)]),
  );

const skip = executable === undefined && "no Chromium here; name one in CHROMIUM";

describe("webEngine in a page", { skip }, () => {
  let site: Site;
  let browser: Browser;
  before(async () => {
    site = await serveSite();
    browser = await launch({ hasWebGpu: false });
  });
  after(async () => {
    await browser.close();
    site.close();
  });

  for (const name of ["plane", "image"] as const) {
    it(`trains and uses a flow as Node does: ${name}`, async (t) => {
      const engine = await nodeEngine({ threads: 1 });
      const expected = await trainSmall(engine, name);
      const { arrays } = expected.checkpoint;
      const used = await useSmall(engine, name, arrays);
      await engine.close();

      const page = await openPage(browser, site.isolated);
      const result = await inPage(page, "runFlow", { threads: 1 }, name, toNumbers(arrays));
      await page.close();
      const { losses, stepsPerSecond, duration, longestBlock } = result;
      t.diagnostic(`${result.engine}: ${stepsPerSecond.toFixed(1)} steps/s`);
      assert.equal(losses.length, 10);
      losses.forEach((loss, i) => {
        const difference = Math.abs(loss - expected.losses[i]!);
        assert.ok(difference <= 1e-5 * (1 + Math.abs(loss)), `step ${i}: off by ${difference}`);
      });
      const learned = largestDifference(expected.parameters, fromNumbers(result.parameters));
      assert.ok(learned.difference <= 1e-4, JSON.stringify(learned));
      const results = largestDifference(used, fromNumbers(result.used));
      assert.ok(results.difference <= 1e-4, JSON.stringify(results));
      // It computed elsewhere: the page was free most of the time.
      assert.ok(longestBlock < duration / 2, `${longestBlock} of ${duration} ms`);
    });
  }

  it("has threads where the page is cross-origin isolated alone", async () => {
    const isolated = await openPage(browser, site.isolated);
    assert.match(await inPage(isolated, "describeEngine", { threads: 2 }), /wasm, 2 threads/);
    assert.deepEqual(await inPage(isolated, "descend", { threads: 2 }, [1024]), [1023]);
    await isolated.close();
    const plain = await openPage(browser, site.plain);
    assert.match(await inPage(plain, "describeEngine", {}), /wasm, 1 thread,/);
    assert.match(
      await inPage(plain, "describeEngine", { threads: 2 }),
      /^UsageError: webEngine: .*cross-origin isolated/,
    );
    await plain.close();
  });

  it("says at once what is missing or forbidden, and what to do", async () => {
    const cases = [
      [site.isolated, "/without-worker/", /worker at \S+worker.js, got text\/html.* web-assets/],
      [site.isolated, "/without-runtime/", /WebAssembly at \S+threaded.wasm, got HTTP 404; npx/],
      [site.isolated, "/without-wasm/", /expected the runtime's WebAssembly to start.*unsafe-eval/],
      [site.isolated, "https://example.com/", /^UsageError: .*a folder of http:.*, got https:/],
      [site.workerless, "/iresnet/", /expected its worker to start.*worker-src 'self'/],
    ] as const;
    for (const [url, assets, expected] of cases) {
      const page = await openPage(browser, url);
      assert.match(await inPage(page, "describeEngine", { assets }), expected);
      await page.close();
    }
  });

  it("takes the CPU by itself, and refuses WebGPU, where there is no adapter", async () => {
    const page = await openPage(browser, site.isolated);
    assert.match(await inPage(page, "describeEngine", { device: "auto" }), /wasm/);
    assert.match(
      await inPage(page, "describeEngine", { device: "webgpu" }),
      /^IresnetError: webEngine: expected a WebGPU adapter, got none/,
    );
    await page.close();
  });
});

describe("webEngine on WebGPU, by a software adapter", { skip }, () => {
  it("keeps what it updates from step to step, and isn't taken by itself", async (t) => {
    const site = await serveSite();
    const browser = await launch({ hasWebGpu: true });
    try {
      const page = await openPage(browser, site.isolated);
      const hasAdapter = await page.evaluate<boolean>(
        "navigator.gpu?.requestAdapter().then((adapter) => adapter !== null) ?? false",
      );
      if (!hasAdapter) {
        t.skip("this Chromium has no software adapter");
        return;
      }
      assert.match(
        await inPage(page, "describeEngine", { device: "webgpu" }),
        /^onnxruntime-web \S+ webgpu$/,
      );
      assert.deepEqual(
        await inPage(page, "descend", { device: "webgpu" }, [1024, -2048]),
        [1023, -2046],
      );
      assert.match(await inPage(page, "describeEngine", { device: "auto" }), /wasm/);
    } finally {
      await browser.close();
      site.close();
    }
  });
});
