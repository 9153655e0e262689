import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { buildSite, type BuiltSite } from "../../scripts/site/build.js";
import { siteServer } from "../../scripts/site/serve.js";
import * as chromium from "../browser/chromium.js";
import * as firefox from "../browser/firefox.js";

/** Milliseconds that anything may take, on a machine that has other things to do. */
const patience = 240_000;

/** A browser that the page is tested in. */
export interface TestBrowser {
  /** Why it is left out here, or `false`. */
  readonly skip: string | false;
  /** Says of a longer test why it is left out, if it is. */
  readonly long: { readonly skip: string | false };
  /** Whether a page may wait for its engine for ever, see {@link engineStarts}. */
  readonly losesWorkers: boolean;
  readonly launch: () => Promise<Browser>;
}

const browsers = {
  Chromium: {
    skip: chromium.executable === undefined && "no Chromium here; name one in CHROMIUM",
    long: { skip: false },
    losesWorkers: false,
    launch: () => chromium.launch({ hasWebGpu: false }),
  },
  Firefox: {
    skip: firefox.executable === undefined && "no Firefox here; name one in FIREFOX",
    long: { skip: "in Chromium alone, for the time it takes" },
    losesWorkers: true,
    launch: firefox.launch,
  },
} as const satisfies Readonly<Record<string, TestBrowser>>;

/** Tests of the page in some browsers, one after another, where they are. */
export function describeIn(
  names: readonly (keyof typeof browsers)[],
  what: string,
  tests: (browser: TestBrowser) => void,
): void {
  for (const name of names) {
    const browser = browsers[name];
    describe(`${what}, in ${name}`, { skip: browser.skip }, () => {
      tests(browser);
    });
  }
}

export interface TestSite {
  readonly url: string;
  readonly built: BuiltSite;
  readonly browser: Browser;
  /** A fresh page, opened at a part such as `#playground`, whose errors are kept. */
  open(part?: string, options?: BrowserContextOptions): Promise<OpenPage>;
  close(): Promise<void>;
}

export interface OpenPage {
  readonly page: Page;
  /** What the page threw or logged as an error, and requests to anyone else than its server. */
  readonly problems: readonly string[];
}

/** The page as it is deployed, served from a folder of its own, and a browser. */
export async function openSite({ launch, losesWorkers }: TestBrowser): Promise<TestSite> {
  const folder = await mkdtemp(join(tmpdir(), "iresnet-site-"));
  const built = await buildSite(folder);
  const server = siteServer(folder);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const browser = await launch();
  const openOnce = async (part: string, options: BrowserContextOptions): Promise<OpenPage> => {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    page.on("request", (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(url)) {
        problems.push(`asked ${request.url()}`);
      }
    });
    await page.goto(url + part);
    return { page, problems };
  };
  return {
    url,
    built,
    browser,
    open: async (part = "", options = {}) => {
      let opened = await openOnce(part, options);
      if (!losesWorkers) return opened;
      for (let wait = patience / 16; !(await engineStarts(opened.page, wait)); wait *= 2) {
        await opened.page.context().close();
        assert.ok(wait < patience, "the engine doesn't start");
        opened = await openOnce(part, options);
      }
      return opened;
    },
    close: async () => {
      await browser.close();
      server.close();
      server.closeAllConnections();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Has the engine start, and says whether it did within so many milliseconds. A Firefox that WebDriver drives
 * loses one in some hundreds of the workers that workers make: it is never fetched, and nothing is said. Of
 * 2,400 in pages that nobody drove, none was lost.
 */
async function engineStarts(page: Page, milliseconds: number): Promise<boolean> {
  await page.locator("#playground").scrollIntoViewIfNeeded();
  return engineReady(page, milliseconds).then(
    () => true,
    () => false,
  );
}

/** Scrolls through the page until each section has what it shows. */
export async function showAll(page: Page): Promise<void> {
  const ids = await page.evaluate(() =>
    [...document.querySelectorAll("main > section")].map(({ id }) => id),
  );
  for (const id of ids) {
    await page.evaluate((id) => {
      document.getElementById(id)!.scrollIntoView();
    }, id);
    await page.waitForSelector(`#${id} :is(button, input)`);
  }
  await page.evaluate(() => {
    scrollTo(0, 0);
  });
}

/** Waits until the engine of the page has started, so many milliseconds at most. */
export async function engineReady(page: Page, timeout = patience): Promise<void> {
  await page.waitForSelector("#engine[data-engine=ready], #engine[data-engine=failed]", {
    timeout,
  });
}

/** What a badge of the page says, by its name. */
export async function badgeText(page: Page, name: string): Promise<string> {
  return (await page.textContent(`[data-badge=${name}] .value`)) ?? "";
}

/** The number that a badge of the page shows, waited for until it shows one, and how the engine stood then. */
export async function shownNumber(
  page: Page,
  name: string,
): Promise<{ readonly value: number; readonly engine: string }> {
  const shown = await page.waitForFunction((selector) => {
    const text = document.querySelector(selector)?.textContent ?? "";
    const { engine } = document.querySelector<HTMLElement>("#engine")!.dataset;
    return /\d/.test(text) && { value: Number(text.replace("−", "-")), engine: engine! };
  }, `[data-badge=${name}] .value`);
  const told = await shown.jsonValue();
  assert.ok(told !== false);
  return told;
}

/** As {@link shownNumber}, the number alone. */
export async function number(page: Page, name: string): Promise<number> {
  return (await shownNumber(page, name)).value;
}
