import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { buildDocs, type BuiltDocs } from "../../scripts/site/docs.js";

describe("the built documentation", () => {
  let folder = "";
  let built: BuiltDocs;
  let pages: readonly { readonly path: string; readonly html: string }[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "iresnet-docs-"));
    built = await buildDocs(join(folder, "docs"));
    pages = readdirSync(join(folder, "docs"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".html"))
      .map((name) => join(folder, "docs", name))
      .map((path) => ({ path, html: readFileSync(path, "utf8") }));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("is small", () => {
    assert.ok(pages.length > 400, String(pages.length));
    assert.ok(built.bytes < 15e6, String(built.bytes));
  });

  it("has links that lead somewhere, to the heading that they name", () => {
    const dead = new Set<string>();
    const anchors = new Map(pages.map(({ path, html }) => [path, anchorsOf(html)]));
    for (const { path, html } of pages) {
      for (const [, target] of html.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
        if (/^(https?:|data:|mailto:)/.test(target!)) continue;
        const url = new URL(target!, `file://${path}`);
        const file = fileURLToPath(new URL(url.pathname, "file:///"));
        if (file === join(folder, "index.html")) continue; // the page, which another script builds
        const heading = decodeURIComponent(url.hash.slice(1));
        const isThere = existsSync(file) && !(heading && anchors.get(file)?.has(heading) === false);
        if (!isThere) dead.add(`${path.slice(folder.length)}: ${target}`);
      }
    }
    assert.deepEqual([...dead], []);
  });

  it("takes nothing from elsewhere", () => {
    for (const { path, html } of pages) {
      const loads = /<(?:script|link|img|iframe)[^>]*\s(?:src|href)="https?:[^"]*"/.exec(html)?.[0];
      assert.equal(loads, undefined, path);
      assert.doesNotMatch(html, /<style[^>]*>[^<]*@import/);
    }
    for (const name of readdirSync(join(folder, "docs", "assets"))) {
      if (!name.endsWith(".css")) continue;
      const css = readFileSync(join(folder, "docs", "assets", name), "utf8");
      assert.doesNotMatch(css, /url\(["']?https?:|@import/, name);
    }
  });

  it("writes equations as MathML, and titles in place of file names", () => {
    const paper = pages.find(({ path }) => path.endsWith("documents/paper.html"))!;
    assert.ok((paper.html.match(/<math display="block"/g)?.length ?? 0) >= 6);
    assert.doesNotMatch(paper.html, /\$\$|\\frac|<merror/);
    assert.match(paper.html, /<title>The paper&#39;s equations, beside the code/);
  });
});

function anchorsOf(html: string): ReadonlySet<string> {
  return new Set([...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id!));
}
