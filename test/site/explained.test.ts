import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, it } from "node:test";
import type { Page } from "playwright-core";
import { toyData } from "../../src/data/index.js";
import type { Engine } from "../../src/engine/engine.js";
import { nodeEngine } from "../../src/engine/node.js";
import { openRunner, type AnyRunner } from "../../src/runner/index.js";
import { siteFile } from "./site-modules.js";
import { badgeText, describeIn, number, openSite, type TestSite } from "./site.js";

const shown = (page: Page, id: string): Promise<unknown> =>
  page.waitForSelector(`#${id}[data-state=shown]`);

/** Chooses a network of a section, and waits until it has been computed with. */
async function choose(page: Page, id: string, bound: string): Promise<void> {
  await page.selectOption(`#${id} select`, bound);
  await shown(page, id);
}

describeIn(["Chromium"], "what the page explains", (browser) => {
  let site: TestSite;
  let engine: Engine;
  let runner: AnyRunner;
  before(async () => {
    site = await openSite(browser);
    engine = await nodeEngine({ threads: 1 });
    const bytes = await readFile(siteFile("checkpoints/bound-0.9.safetensors"));
    runner = await openRunner(new Uint8Array(bytes), { engine });
  });
  after(async () => {
    await site.close();
    await engine.close();
  });

  it("c: what a bound costs, measured beforehand as Node measures it, and what breaks", async () => {
    const { page, problems } = await site.open("#drag-c?c=0.90");
    await shown(page, "drag-c");
    const test = await toyData("8gaussians").split("test");
    const { x } = test.take(Array.from({ length: 1000 }, (_, i) => i));
    const { logProb } = await runner.score({ shape: [1000, 2], data: Float64Array.from(x.data) });
    const expected = -logProb.data.reduce((sum, value) => sum + value, 0) / 1000;
    const tight = await number(page, "exact");
    assert.ok(Math.abs(tight - expected) <= 6e-4, `${tight}, in Node ${expected}`);
    assert.match(
      (await page.textContent("#drag-c .verdict")) ?? "",
      /certified to have an inverse/,
    );

    const slider = page.locator("#drag-c input[type=range]");
    await slider.focus();
    await page.keyboard.press("End");
    await page.waitForFunction(
      "document.querySelector('[data-badge=shown] .value').textContent === 'no bound'",
    );
    assert.match(
      (await page.textContent("#drag-c .verdict")) ?? "",
      /Without a bound nothing keeps/,
    );
    assert.match(await badgeText(page, "missed"), /^100/);
    assert.match(page.url(), /#drag-c\?c=none$/);
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  it("c: trains with the bound where it is let go", async () => {
    const { page, problems } = await site.open("#drag-c?c=0.90");
    await shown(page, "drag-c");
    await page.focus("#drag-c input[type=range]");
    await page.keyboard.press("Home");
    for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowRight");
    await page.waitForFunction(
      "document.querySelector('[data-badge=shown] .value').textContent === '0.60'",
    );
    assert.ok((await number(page, "lipschitz")) <= 0.361);
    const exact = await number(page, "exact");
    assert.ok(exact > 3.01 && exact < 3.26, `between c = 0.7 and 0.5: ${exact}`);
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  it("inverse: converges within a certified bound, faster by Anderson, and not past 1", async () => {
    const { page, problems } = await site.open("#inverse", { reducedMotion: "reduce" });
    await shown(page, "inverse");
    const { lipschitz } = await runner.certify();
    const first = Object.values(lipschitz)[0]!;
    assert.ok(Math.abs((await number(page, "lipschitz-of-block")) - first) <= 6e-5);
    assert.match(await badgeText(page, "back"), /·10⁻[⁵-⁹]$/);
    const plain = await number(page, "iterations");
    await page.check("#inverse input[role=switch]");
    await shown(page, "inverse");
    const accelerated = await number(page, "iterations");
    assert.ok(accelerated < plain, `${accelerated} of ${plain}`);
    await choose(page, "inverse", "1.5");
    assert.match(await badgeText(page, "certified"), /^none/);
    assert.doesNotMatch(await badgeText(page, "back"), /10⁻/);
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  it("log-determinant: exact as in Node, estimated within its error and bias", async () => {
    const { page, problems } = await site.open("#logdet");
    await shown(page, "logdet");
    const { logDet } = await runner.score({ shape: [1, 2], data: Float64Array.of(1, 0.5) });
    const exact = await number(page, "exact-logdet");
    assert.ok(Math.abs(exact - logDet.data[0]!) <= 2e-4, `${exact}, in Node ${logDet.data[0]}`);
    const [terms, probes] = await page.locator("#logdet input[type=range]").all();
    for (const slider of [terms!, probes!]) {
      await slider.focus();
      await page.keyboard.press("End");
    }
    const off = Math.abs((await number(page, "estimate")) - exact);
    const error = await number(page, "standard-error");
    const bias = Number((await badgeText(page, "bias")).replace("± ", ""));
    assert.ok(error > 0 && error < 0.3 && bias < 0.1, `${error}, ${bias}`);
    assert.ok(off <= 4.5 * error + bias, `off by ${off}`);

    // Another point, by pointer: another determinant.
    await page
      .locator("#logdet canvas")
      .first()
      .click({ position: { x: 100, y: 100 } });
    await page.waitForFunction(
      `document.querySelector('[data-badge=exact-logdet] .value').textContent !== '${exact.toFixed(4)}'`,
    );
    await choose(page, "logdet", "1.5");
    assert.match(await badgeText(page, "bias"), /^none/);
    assert.deepEqual(problems, []);
    await page.context().close();
  });
});
