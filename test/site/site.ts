import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { buildSite, type BuiltSite } from "../../scripts/site/build.js";
import { siteServer, type ServeOptions } from "../../scripts/site/serve.js";
import { executable, launch } from "../browser/chromium.js";

/** Why tests of the page are left out here, or `false`. */
export const skip = executable === undefined && "no Chromium here; name one in CHROMIUM";

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
export async function openSite(options: ServeOptions = {}): Promise<TestSite> {
  const folder = await mkdtemp(join(tmpdir(), "iresnet-site-"));
  const built = await buildSite(folder);
  const server = siteServer(folder, options);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const browser = await launch({ hasWebGpu: false });
  return {
    url,
    built,
    browser,
    open: async (part = "", contextOptions = {}) => {
      const context = await browser.newContext(contextOptions);
      const page = await context.newPage();
      page.setDefaultTimeout(30_000);
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
    },
    close: async () => {
      await browser.close();
      server.close();
      server.closeAllConnections();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until the engine of the page has started. */
export async function engineReady(page: Page): Promise<void> {
  await page.waitForSelector("#engine[data-engine=ready], #engine[data-engine=failed]");
}

/** What a badge of the page says, by its name. */
export async function badgeText(page: Page, name: string): Promise<string> {
  return (await page.textContent(`[data-badge=${name}] .value`)) ?? "";
}

/** The number that a badge of the page shows, waited for until it shows one. */
export async function number(page: Page, name: string): Promise<number> {
  const shown = await page.waitForFunction((selector) => {
    const text = document.querySelector(selector)?.textContent ?? "";
    return /\d/.test(text) && { value: Number(text.replace("−", "-")) };
  }, `[data-badge=${name}] .value`);
  const { value } = (await shown.jsonValue()) as { value: number };
  return value;
}
