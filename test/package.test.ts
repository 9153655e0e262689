import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { version } from "../src/version.js";

const root = new URL("../../", import.meta.url);
const text = (url: URL): string => readFileSync(url, "utf8");

/** Specifiers of everything that a built module and what it imports import. */
function closure(url: URL, seen = new Map<string, Set<string>>()): Map<string, Set<string>> {
  if (seen.has(url.href)) return seen;
  const found = [...text(url).matchAll(/^\s*(?:import|export)[^"';=]*["']([^"']+)["']/gm)].map(
    ([, specifier]) => specifier!,
  );
  seen.set(url.href, new Set(found));
  for (const specifier of found) {
    if (specifier.startsWith(".")) closure(new URL(specifier, url), seen);
  }
  return seen;
}

/** Files by condition or entry point, in package.json. */
type Entry = string | { readonly [condition: string]: Entry };

const targetsOf = (entry: Entry): readonly string[] =>
  typeof entry === "string" ? [entry] : Object.values(entry).flatMap(targetsOf);

describe("the package", () => {
  it("needs nothing of Node where it promises to run in a browser", () => {
    const entries = ["index", "web", "engine/web-worker"];
    const modules = new Map<string, Set<string>>();
    for (const entry of entries) closure(new URL(`dist/${entry}.js`, root), modules);
    assert.ok(modules.size > 50);
    for (const [module, specifiers] of modules) {
      for (const specifier of specifiers) {
        assert.doesNotMatch(specifier, /^node:|^onnxruntime-node/, module);
      }
      // Comments and strings may name it; code may not use it.
      assert.doesNotMatch(text(new URL(module)), /\b(process\.\w+|Buffer\.\w+)/, module);
    }
  });

  it("says its version in a page too", () => {
    const manifest = JSON.parse(text(new URL("package.json", root))) as { version: string };
    assert.equal(version, manifest.version);
  });

  it("has the files its entry points name", () => {
    const { exports, bin } = JSON.parse(text(new URL("package.json", root))) as {
      exports: Entry;
      bin: Record<string, string>;
    };
    const targets = targetsOf(exports);
    assert.ok(targets.length > 10);
    for (const target of [...targets, ...Object.values(bin)]) {
      assert.ok(existsSync(new URL(target, root)), target);
    }
    assert.match(text(new URL(bin.iresnet!, root)), /^#!\/usr\/bin\/env node\n/);
  });

  it("is right in the eyes of publint and are-the-types-wrong", () => {
    const run = (tool: string, ...args: readonly string[]): string =>
      execFileSync(
        process.execPath,
        [fileURLToPath(new URL(`node_modules/${tool}`, root)), ...args],
        {
          cwd: fileURLToPath(root),
          encoding: "utf8",
        },
      );
    assert.match(run("publint/src/cli.js", "--strict"), /All good!/);
    const types = ["--pack", ".", "--profile", "node16", "--exclude-entrypoints", "worker.js"];
    run("@arethetypeswrong/cli/dist/index.js", ...types); // ends with an error where it finds one
  });

  it("has declarations that TypeScript 5.4 reads: arrays of numbers have no parameter", () => {
    const folder = new URL("dist/", root);
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    const declarations = files.filter((name) => name.endsWith(".d.ts"));
    assert.ok(declarations.length > 100);
    for (const name of declarations) {
      assert.doesNotMatch(text(new URL(name, folder)), /\b(Uint8|Float32|Float64)Array</, name);
    }
  });

  it("can be required", () => {
    const library = createRequire(import.meta.url)("iresnet") as {
      version?: string;
      fit?: unknown;
    };
    assert.equal(typeof library.fit, "function");
  });

  it("packs what it needs and nothing else", () => {
    const output = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: fileURLToPath(root),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      shell: process.platform === "win32",
    });
    const [packed] = Object.values(
      JSON.parse(output) as Record<string, { files: { path: string }[] }>,
    );
    const paths = packed!.files.map(({ path }) => path);
    assert.ok(paths.includes("dist/index.js") && paths.includes("dist/engine/node-worker.js"));
    const other = paths.filter((path) => !/^(dist\/.*\.(js|d\.ts|json|txt)|[^/]+)$/.test(path));
    assert.deepEqual(other, []);
  });
});
