import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, it } from "node:test";
import type { Page } from "playwright-core";
import { toyData } from "../../src/data/index.js";
import { nodeEngine } from "../../src/engine/node.js";
import { iResNetDensity } from "../../src/models/index.js";
import { openRunner } from "../../src/runner/index.js";
import { fit } from "../../src/train/index.js";
import { siteFile } from "./site-modules.js";
import {
  badgeText,
  describeIn,
  engineReady,
  number,
  openSite,
  shownNumber,
  type TestSite,
} from "./site.js";

/** Digits of a badge: half of the last one. */
const rounding = 6e-4;

const state = (page: Page, is: string): Promise<unknown> =>
  page.waitForSelector(`#playground[data-state=${is}]`);
const button = (page: Page, name: string): Promise<void> =>
  page.click(`#playground button:text-is("${name}")`);

describeIn(["Chromium", "Firefox"], "the playground", (browser) => {
  let site: TestSite;
  before(async () => {
    site = await openSite(browser);
  });
  after(() => site.close());

  it("shows the shipped density, as good as Node finds it", async () => {
    const { page, problems } = await site.open();
    const { value: first, engine: engineThen } = await shownNumber(page, "held-out");
    if (!browser.losesWorkers) {
      assert.notEqual(engineThen, "ready", "the picture comes before the engine");
    }
    await page.waitForSelector("#playground[data-shown=checkpoint]");
    const here = await number(page, "held-out");

    const engine = await nodeEngine({ threads: 1 });
    const bytes = await readFile(siteFile("checkpoints/moons.safetensors"));
    const runner = await openRunner(new Uint8Array(bytes), { engine });
    const test = await toyData("moons").split("test");
    const { x } = test.take(Array.from({ length: 1000 }, (_, i) => i));
    const { logProb } = await runner.score({ shape: [1000, 2], data: Float64Array.from(x.data) });
    await engine.close();
    const expected = -logProb.data.reduce((sum, value) => sum + value, 0) / 1000;
    for (const [what, value] of Object.entries({ first, here })) {
      assert.ok(Math.abs(value - expected) <= rounding, `${what}: ${value}, in Node ${expected}`);
    }
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  it("trains as Node does, step by step, and pauses", async () => {
    const { page, problems } = await site.open(
      "#playground?data=circles&blocks=2&width=8&activation=elu&rate=0.005",
    );
    const count = 4;
    for (let step = 1; step <= count; step++) {
      await button(page, "Step");
      await page.waitForFunction(
        `document.querySelector('[data-badge=step] .value')?.textContent === '${step}'`,
      );
    }
    const stepped = await number(page, "loss");

    await button(page, "Play");
    await state(page, "playing");
    await page.waitForFunction(
      "Number(document.querySelector('[data-badge=step] .value')?.textContent) > 40",
    );
    assert.ok((await number(page, "speed")) > 0);
    await button(page, "Pause");
    await state(page, "paused");
    await page.waitForTimeout(500);
    const paused = await number(page, "step");
    await page.waitForTimeout(500);
    assert.equal(await number(page, "step"), paused);
    const played = await number(page, "loss");

    const engine = await nodeEngine({ threads: 1 });
    const losses: number[] = [];
    await fit(
      iResNetDensity({ shape: [2], blocks: [2], widths: [8, 8], activation: "elu", c: 0.97 }),
      toyData("circles"),
      {
        steps: paused,
        batchSize: 256,
        optimizer: { kind: "adam", beta2: 0.99 },
        schedule: { kind: "constant", learningRate: 0.005 },
        clip: 5,
        logDet: { kind: "exact" },
      },
      { engine, onProgress: ({ loss }) => losses.push(loss) },
    );
    await engine.close();
    for (const [step, loss] of [
      [count, stepped],
      [paused, played],
    ] as const) {
      const expected = losses[step - 1]!;
      assert.ok(
        Math.abs(loss - expected) <= rounding,
        `step ${step}: ${loss}, in Node ${expected}`,
      );
    }

    await button(page, "Reset");
    await state(page, "idle");
    assert.equal(await badgeText(page, "step"), "–");
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  it("keeps the page free while it trains", browser.long, async (t) => {
    const { page } = await site.open("#playground?data=moons&blocks=4&width=16");
    await engineReady(page);
    await button(page, "Play");
    await page.waitForFunction(
      "Number(document.querySelector('[data-badge=step] .value')?.textContent) > 20",
    );
    // The machine may be busy with other things: long tasks of the page's own come again and again.
    const longest: number[] = [];
    for (let window = 0; window < 6; window++) {
      longest.push(await page.evaluate(longestTask, 1500));
      if (longest.includes(0)) break;
    }
    t.diagnostic(`longest tasks above 50 ms: ${longest.join(", ")}`);
    assert.ok(longest.includes(0), longest.join(", "));
    await page.context().close();
  });

  it("learns points drawn by pointer or keyboard, kept in its address", browser.long, async () => {
    const { page, problems } = await site.open("#playground?blocks=2&width=8");
    const canvas = page.locator("#playground canvas").first();
    await canvas.scrollIntoViewIfNeeded();
    const box = (await canvas.boundingBox())!;
    await page.mouse.move(box.x + 0.4 * box.width, box.y + 0.4 * box.height);
    await page.mouse.down();
    await page.mouse.move(box.x + 0.7 * box.width, box.y + 0.6 * box.height, { steps: 12 });
    await page.mouse.up();
    const drawn = await number(page, "drawn");
    assert.ok(drawn >= 6, `${drawn} points`);
    assert.equal(await page.inputValue("#playground select >> nth=0"), "drawn");

    await canvas.focus();
    for (const key of ["ArrowRight", "ArrowUp", "Space", "Shift+ArrowLeft", "Enter"]) {
      await page.keyboard.press(key);
    }
    assert.equal(await number(page, "drawn"), drawn + 2);
    await page.keyboard.press("Backspace");
    assert.equal(await number(page, "drawn"), drawn + 1);

    await button(page, "Step");
    await page.waitForFunction(
      "document.querySelector('[data-badge=step] .value')?.textContent === '1'",
    );
    assert.ok(Number.isFinite(await number(page, "loss")));
    await page.reload();
    await page.waitForSelector("#playground canvas");
    assert.equal(await number(page, "drawn"), drawn + 1);

    await button(page, "Clear drawn points");
    await button(page, "Play");
    const error = await page.textContent("#playground .error[role=alert]");
    assert.match(error ?? "", /at least 3 points/);
    assert.deepEqual(problems, []);
    await page.context().close();
  });
});

/** Milliseconds of the longest task that held a frame up within so many. */
async function longestTask(milliseconds: number): Promise<number> {
  let longest = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
  });
  observer.observe({ type: "longtask" });
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  observer.disconnect();
  return longest;
}
