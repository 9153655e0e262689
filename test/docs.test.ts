import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = new URL("../../", import.meta.url);

/** Every guide, and the README, whose programs must run. */
const pages = [
  "README.md",
  ...readdirSync(new URL("docs/", root))
    .filter((name) => name.startsWith("guide-"))
    .map((name) => `docs/${name}`),
];

/** Blocks of TypeScript in the order of the page. */
function programsOf(page: string): readonly string[] {
  const text = readFileSync(new URL(page, root), "utf8");
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code!);
}

for (const page of pages) {
  describe(page, () => {
    programsOf(page).forEach((code, i) => {
      it(`has a program ${i + 1} that runs`, () => {
        const { outputText } = ts.transpileModule(code, {
          compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
        });
        // Inside the package, so that its own name leads to its exports.
        const folder = new URL("build/docs/", root);
        mkdirSync(folder, { recursive: true });
        const name = `${page.replaceAll(/\W+/g, "-")}-${i + 1}.mjs`;
        const file = fileURLToPath(new URL(name, folder));
        writeFileSync(file, outputText);
        const output = execFileSync(process.execPath, [file], { encoding: "utf8" });
        assert.doesNotMatch(output, /\bNaN\b|\bundefined\b|^false$/m);
      });
    });
  });
}
