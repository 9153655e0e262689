import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { bitsPerDim, ndarray, Random, type Engine } from "../../src/index.js";
import { nodeEngine, openRunner } from "../../src/node.js";
import { describeIn, openSite, type OpenPage, type TestSite } from "./site.js";

const pretrained = fileURLToPath(new URL("../../../pretrained/", import.meta.url));

/** Waits until the section shows what the networks say of the newest drawing. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const root = document.getElementById("mnist")!;
    const last = root.querySelector("[data-badge=bits-per-dim] .value");
    return !root.hasAttribute("aria-busy") && (last?.textContent ?? "–") !== "–";
  });
}

/** Gray levels of the n-th image of the section. */
function grays(page: Page, place: number): Promise<number[]> {
  return page
    .locator("#mnist figure.gray canvas")
    .nth(place)
    .evaluate((canvas) => {
      const context = (canvas as HTMLCanvasElement).getContext("2d")!;
      return [...context.getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0);
    });
}

function probabilities(page: Page): Promise<number[]> {
  return page
    .locator("#mnist table.bars tbody tr")
    .evaluateAll((rows) => rows.map((row) => Number((row as HTMLElement).dataset.value)));
}

const best = (values: readonly number[]): number => values.indexOf(Math.max(...values));

describeIn(["Chromium", "Firefox"], "digits on the page", (browser) => {
  let site: TestSite;
  let engine: Engine;
  let opened: OpenPage;
  before(async () => {
    [site, engine] = await Promise.all([openSite(browser), nodeEngine({ threads: 1 })]);
    opened = await site.open("#mnist", { reducedMotion: "reduce" });
    await opened.page.locator("#mnist .pad canvas").waitFor();
    await settled(opened.page);
  });
  after(async () => {
    await engine.close();
    await site.close();
  });

  it("tells a drawn digit, its score and its way back as Node does", async (t) => {
    const { page } = opened;
    await page.locator("#mnist").getByRole("button", { name: "Clear" }).click();
    const pad = page.locator("#mnist .pad canvas");
    await pad.scrollIntoViewIfNeeded();
    const box = (await pad.boundingBox())!;
    const at = (x: number, y: number) => [box.x + x * box.width, box.y + y * box.height] as const;
    await page.mouse.move(...at(0.25, 0.25));
    await page.mouse.down();
    for (const [x, y] of [
      [0.7, 0.22],
      [0.45, 0.85],
    ] as const)
      await page.mouse.move(...at(x, y), { steps: 8 });
    await page.mouse.up();
    await page.waitForFunction(
      () => document.querySelector("#mnist table.bars tr.best")?.getAttribute("data-digit") === "7",
    );
    await settled(page);

    const seen = await grays(page, 0);
    const x = ndarray(seen, [1, 1, 28, 28]);
    const classifier = await openRunner(`${pretrained}mnist-classifier.safetensors`, { engine });
    const expected = [...(await classifier.predict(x)).data];
    const shown = await probabilities(page);
    assert.equal(best(shown), 7);
    shown.forEach((p, digit) => {
      assert.ok(Math.abs(p - expected[digit]!) <= 1e-4, `${digit}: ${p}, ${expected[digit]}`);
    });
    const back = await grays(page, 1);
    back.forEach((value, i) => {
      assert.ok(Math.abs(value - seen[i]!) <= 1, `pixel ${i}: ${value}, ${seen[i]}`);
    });
    const lost = await grays(page, 2);
    const apart = Math.max(...lost.map((value, i) => Math.abs(value - seen[i]!)));
    assert.ok(apart > 100, `the vanilla network came back within ${apart} gray levels`);
    const caption = await page.locator("#mnist figure.gray figcaption").nth(2).textContent();
    assert.match(caption ?? "", /^No bound, Lip\(g\) up to .*; the iteration (left|diverged)/);

    const density = await openRunner(`${pretrained}mnist-density.safetensors`, { engine });
    const random = Random.fromSeed(0).split("digit");
    const { logProb } = await density.score(x, { random, probes: 2 });
    const there = Number(
      await page.locator("#mnist [data-badge=bits-per-dim]").getAttribute("data-value"),
    );
    const here = bitsPerDim(logProb.data[0]!, 784);
    t.diagnostic(`${there} bits/dim in the page, ${here} in Node`);
    assert.ok(Math.abs(there - here) <= 1e-4 * here);
    await classifier.close();
    await density.close();
  });

  it("takes a shipped digit by keyboard, the way between two, new ones", browser.long, async () => {
    const { page } = opened;
    const section = page.locator("#mnist");
    await section.getByLabel("Without drawing").focus();
    await page.keyboard.press("4");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForFunction(
      () => document.querySelector("#mnist table.bars tr.best")?.getAttribute("data-digit") === "4",
    );
    await settled(page);
    const seen = await grays(page, 0);
    await section.getByLabel("From").selectOption("drawing");
    await section.getByRole("slider", { name: "Between the two" }).focus();
    await page.keyboard.press("Home");
    await page.waitForFunction(() =>
      [...document.querySelectorAll("#mnist figcaption")].some(
        (one) => one.textContent === "0.00 of the way",
      ),
    );
    // The end of the way is the digit itself.
    (await grays(page, 3)).forEach((value, i) => {
      assert.ok(Math.abs(value - seen[i]!) <= 2, `pixel ${i}: ${value}, ${seen[i]}`);
    });
    await section.getByRole("button", { name: "Draw digits" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction(() =>
      document.getElementById("live")!.textContent.startsWith("8 digits drawn"),
    );
    const sums = await Promise.all(
      [4, 5, 11].map(async (i) => (await grays(page, i)).reduce((a, b) => a + b)),
    );
    assert.equal(new Set(sums).size, 3);
    assert.deepEqual(opened.problems, []);
  });
});
