import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, it } from "node:test";
import type { Page } from "playwright-core";
import { focused, followLink, markControls, marksInUse, tabTo } from "./keyboard.js";
import { badgeText, describeIn, number, openSite, showAll, type TestSite } from "./site.js";

const announced = (page: Page, text: RegExp): Promise<unknown> =>
  page.locator("#live").filter({ hasText: text }).waitFor({ state: "attached" });
const nameOfFocus = async (page: Page): Promise<string | undefined> => (await focused(page))?.name;

async function press(page: Page, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

describeIn(["Chromium"], "the page by keyboard alone", (browser) => {
  let site: TestSite;
  before(async () => {
    site = await openSite(browser);
  });
  after(() => site.close());

  it("reaches every control, each with a name, and shows where it is", async () => {
    const { page, problems } = await site.open();
    await showAll(page);
    const marked = await markControls(page);
    const reached = new Set<string>();
    for (let i = 0; i < marked.length + 40; i++) {
      await page.keyboard.press("Tab");
      const one = await focused(page);
      if (!one) continue;
      assert.notEqual(one.name, "", one.mark);
      assert.ok(one.hasOutline, `no outline: ${one.mark}`);
      reached.add(one.mark);
    }
    // What has been loaded meanwhile may have disabled a control, or brought another.
    const still = await marksInUse(page);
    const missed = still.filter((mark) => !reached.has(mark));
    assert.ok(still.length >= 20 && missed.length === 0, `${missed} of ${still}`);
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  it("chooses, trains, pauses and draws in the playground", async () => {
    const { page, problems } = await site.open();
    await page.waitForSelector("#playground button");
    await followLink(page, "Playground");
    await tabTo(page, "Density");
    await press(page, "ArrowDown");
    await tabTo(page, "Residual blocks");
    await press(page, "Home", "ArrowRight");
    await tabTo(page, "Units of each hidden layer");
    await press(page, "Home");
    assert.match(page.url(), /data=8gaussians&blocks=2&width=8/);
    await tabTo(page, "Play");
    await press(page, "Enter");
    await announced(page, /^Training/);
    // The button was disabled while the training began.
    assert.equal(await nameOfFocus(page), "Pause");
    assert.ok((await number(page, "step")) > 0);
    await press(page, "Space");
    await announced(page, /^Paused at step \d+, loss .* nats/);
    assert.equal(await nameOfFocus(page), "Play");
    await tabTo(page, "Step");
    await press(page, "Enter");
    await announced(page, /^Step \d+, loss .* nats/);
    await tabTo(page, /^Density p\(x\)/);
    await press(page, "ArrowRight", "Space", "Shift+ArrowDown");
    await announced(page, /^0\.1, −0\.5$/);
    await press(page, "Enter");
    assert.equal(await badgeText(page, "drawn"), "2");
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  it("drags c, stops a training, and keeps its place", async () => {
    const { page, problems } = await site.open("#drag-c");
    await page.waitForSelector("#drag-c[data-state=shown]");
    await followLink(page, "Drag c");
    await tabTo(page, /^c, bound/);
    await press(page, "Home");
    assert.equal(await badgeText(page, "shown"), "0.50");
    await press(page, "ArrowRight");
    await announced(page, /^Training with c 0\.52/);
    await tabTo(page, "Stop training");
    await press(page, "Enter");
    await page.waitForSelector("#drag-c[data-state=shown]");
    assert.match((await nameOfFocus(page)) ?? "", /^c, bound/);
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  it("steps through an inverse, and reads a determinant", async () => {
    const { page, problems } = await site.open("", { reducedMotion: "reduce" });
    await showAll(page);
    await page.waitForSelector("#inverse[data-state=shown]");
    await followLink(page, "The inverse");
    await tabTo(page, "Network");
    await press(page, "ArrowUp");
    await announced(page, /^\d+ iterations; the inverse misses the point by/);
    await tabTo(page, "Iteration");
    await press(page, "Home");
    assert.equal(await page.textContent("#inverse output"), "block 8, iteration 0");
    await tabTo(page, "Anderson acceleration, depth 1");
    await press(page, "Space");
    await page.waitForSelector("#inverse[data-state=shown]");
    assert.ok(await page.isChecked("#inverse input[role=switch]"));
    await tabTo(page, "Play");
    await tabTo(page, /^Choose a point x/);
    await press(page, "Shift+ArrowRight", "Space");
    await page.waitForSelector("#inverse[data-state=shown]");

    await page.waitForSelector("#logdet[data-state=shown]");
    await tabTo(page, "Terms n");
    await press(page, "End");
    await announced(page, /^20 terms and 8 probes: .* nats; exact/);
    await tabTo(page, /^Choose a point x/);
    const exact = await badgeText(page, "exact-logdet");
    await press(page, "Shift+ArrowUp", "Enter");
    await page.waitForFunction(
      `document.querySelector('[data-badge=exact-logdet] .value').textContent !== '${exact}'`,
    );
    await announced(page, new RegExp(`exact ${await badgeText(page, "exact-logdet")}`));
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  it("draws a digit", async () => {
    const { page, problems } = await site.open("#mnist");
    await page.waitForSelector("#mnist .pad canvas");
    const bits = page.locator("[data-badge=bits-per-dim] .value");
    await announced(page, /^It is a 3/);
    await followLink(page, "Digits");
    await tabTo(page, "Clear");
    await press(page, "Enter", "Shift+Tab");
    assert.match((await nameOfFocus(page)) ?? "", /^Draw a digit here/);
    const times = (count: number, key: string): string[] => Array<string>(count).fill(key);
    await press(page, ...times(3, "Shift+ArrowUp"));
    await announced(page, /^50 % right, 13 % down$/);
    await press(page, "Space", ...times(6, "Shift+ArrowDown"), "Space");
    await announced(page, /^It is a 1, by \d+ percent/);
    await bits.filter({ hasText: "bits/dim" }).waitFor();
    await press(page, "Backspace");
    await bits.filter({ hasText: "–" }).waitFor();
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  it("learns a table, saves its scores and model, and opens that again", async () => {
    const { page, problems } = await site.open("#table", { acceptDownloads: true });
    await page.waitForSelector("#table .drop");
    const section = page.locator("#table");
    const choose = async (field: string, name: string, buffer: Buffer): Promise<void> => {
      const chooser = page.waitForEvent("filechooser");
      await tabTo(page, field, 80);
      await press(page, "Enter");
      await (await chooser).setFiles({ name, mimeType: "", buffer });
    };
    const save = async (button: string): Promise<Buffer> => {
      const saved = page.waitForEvent("download");
      await tabTo(page, button, 80);
      await press(page, "Enter");
      const path = await (await saved).path();
      await page.locator("#table:not([aria-busy])").waitFor();
      assert.equal(await nameOfFocus(page), button);
      return readFile(path);
    };
    await followLink(page, "Your table");
    await tabTo(page, "Columns to leave out");
    await page.keyboard.type("id");
    await tabTo(page, "Most training steps");
    await press(page, "Home");
    const rows = Array.from({ length: 40 }, (_, i) => `${i},${i % 7},${Math.sin(i)}`).join("\n");
    await choose("Rows to learn", "mine.csv", Buffer.from(`id,a,b\n${rows}\n`));
    await section.getByText("Learned of mine.csv").waitFor();
    await announced(page, /^40 rows scored/);
    await page.locator("#table:not([aria-busy])").waitFor();
    assert.equal(await nameOfFocus(page), "Rows to learn");
    assert.match(String(await save("Scores (CSV)")), /^line,log_p,score,p_value/);
    const checkpoint = await save("Checkpoint");
    await tabTo(page, "What was decided of each column");
    await press(page, "Enter");
    const columns = await section.locator("table.columns tbody tr").allTextContents();
    assert.match(columns.join("\n"), /^id.*left out.*\na.*\nb/);
    await choose("A checkpoint to open", "mine.safetensors", checkpoint);
    await section.getByText("Opened from mine.safetensors").waitFor();
    await announced(page, /^The checkpoint is open/);
    assert.deepEqual(problems, []);
    await page.context().close();
  });
});
