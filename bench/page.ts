import { copyWebAssets } from "iresnet/node";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { siteServer } from "../scripts/site/serve.js";
import * as chromium from "../test/browser/chromium.js";
import * as firefox from "../test/browser/firefox.js";
import { median, round } from "./numbers.js";
import { wholeNumbers } from "./options.js";

/** Checkpoints whose first sample a page waits for. */
const checkpoints = {
  moons: new URL("../../site/checkpoints/moons.safetensors", import.meta.url),
  "mnist-density": new URL("../../pretrained/mnist-density.safetensors", import.meta.url),
} as const;

const browsers: Readonly<Record<string, (() => Promise<Browser>) | undefined>> = {
  chromium:
    chromium.executable === undefined ? undefined : () => chromium.launch({ hasWebGpu: false }),
  firefox: firefox.executable === undefined ? undefined : firefox.launch,
};

/** Milliseconds since the page was asked for. */
type Moments = Readonly<Record<"library" | "engine" | "opened" | "sample" | "next", number>>;

const moments = ["library", "engine", "opened", "sample", "next"] as const;

/**
 * Times what a visitor waits for, in each browser that is here: the first sample of a checkpoint in a
 * page without a bundler. `cold` has a browser that was started for it, `warm` is the page once more.
 */
export async function benchPage(args: readonly string[]): Promise<void> {
  const { rounds } = wholeNumbers(args, { rounds: 5 });
  const folder = await mkdtemp(join(tmpdir(), "iresnet-page-"));
  const server = siteServer(folder);
  try {
    await fill(folder);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const [name, launch] of Object.entries(browsers)) {
      if (!launch) process.stderr.write(`bench: no ${name} here\n`);
      else
        for (const model of Object.keys(checkpoints)) await time(name, launch, url, model, rounds);
    }
  } finally {
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  }
}

async function time(
  name: string,
  launch: () => Promise<Browser>,
  url: string,
  model: string,
  rounds: number,
): Promise<void> {
  const seen: Record<"cold" | "warm", Moments[]> = { cold: [], warm: [] };
  let version = "";
  for (let i = 0; i < rounds; i++) {
    const browser = await launch();
    version = browser.version();
    const page = await browser.newPage();
    for (const state of ["cold", "warm"] as const) seen[state].push(await visit(page, url, model));
    await browser.close();
  }
  for (const [state, times] of Object.entries(seen)) {
    const medians: Record<string, number> = Object.fromEntries(
      moments.map((one) => [`${one}_ms`, round(median(times.map((time) => time[one])), 0)]),
    );
    const result = {
      name: `page ${name} ${model} ${state}`,
      ...medians,
      config: { rounds },
      engine: `${name} ${version}`,
    };
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
}

async function visit(page: Page, url: string, model: string): Promise<Moments> {
  await page.goto(`${url}/${model}.html`);
  const told = await page.waitForFunction("globalThis.told", undefined, { timeout: 300_000 });
  return (await told.jsonValue()) as Moments;
}

const html = (model: string): string => `<!doctype html>
<title>${model}</title>
<script type="module">
  const bytes = fetch("/${model}.safetensors").then((response) => response.arrayBuffer());
  const { openRunner, Random, webEngine } = await import("/iresnet/iresnet.js");
  const library = performance.now();
  const engine = await webEngine({ assets: "/iresnet/", threads: 1 });
  const started = performance.now();
  const runner = await openRunner(new Uint8Array(await bytes), { engine });
  const opened = performance.now();
  const random = Random.fromSeed(0);
  await runner.sample(1, { random });
  const sample = performance.now();
  await runner.sample(1, { random });
  globalThis.told = { library, engine: started, opened, sample, next: performance.now() - sample };
</script>
`;

/** Fills a folder with the pages, their checkpoints, and what `iresnet web-assets` makes. */
async function fill(folder: string): Promise<void> {
  await copyWebAssets(join(folder, "iresnet"));
  for (const [model, file] of Object.entries(checkpoints)) {
    await writeFile(join(folder, `${model}.html`), html(model));
    await copyFile(file, join(folder, `${model}.safetensors`));
  }
}
