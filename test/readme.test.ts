import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { modelDefinitions, type ModelDefinition } from "../src/models/index.js";

const root = new URL("../../", import.meta.url);
const readme = readFileSync(new URL("README.md", root), "utf8");

describe("README", () => {
  it("has an example that compiles to a program which runs and returns to where it began", () => {
    const example = /```ts\n(.*?)```/s.exec(readme)?.[1];
    assert.ok(example, "expected a block of TypeScript");
    const { outputText } = ts.transpileModule(example, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
    });
    // Inside the package, so that its own name leads to its exports.
    const folder = new URL("build/readme/", root);
    mkdirSync(folder, { recursive: true });
    const file = fileURLToPath(new URL("example.mjs", folder));
    writeFileSync(file, outputText);
    const output = execFileSync(process.execPath, [file], { encoding: "utf8" });
    const [logProb, back, x] = output.trim().split(" ").map(Number) as [number, number, number];
    assert.ok(Number.isFinite(logProb), output);
    assert.ok(Math.abs(back - x) <= 1e-4 * (1 + Math.abs(x)), output);
  });

  it("has the table of models that the registry gives", () => {
    const written = /^\| model .*\n(?:\|.*\n)+/m.exec(readme)?.[0] ?? "";
    const expected = tableOf(modelDefinitions());
    assert.deepEqual(cellsOf(written), cellsOf(expected), `expected in README.md:\n${expected}`);
  });
});

function tableOf(definitions: readonly ModelDefinition[]): string {
  const rows = definitions.map(({ kind, name, year, paper, task }) => {
    const [, citation = "", address = ""] = /^(.*), (https:.*)$/.exec(paper) ?? [];
    return `| ${name} | \`${kind}\` | ${year} | [${citation}](${address}) | ${task} |`;
  });
  return ["| model | kind | year | paper | task |", "|---|---|---|---|---|", ...rows].join("\n");
}

/** Without the padding and the rule, which the formatter decides. */
function cellsOf(table: string): string[][] {
  return table
    .trim()
    .split("\n")
    .filter((_, i) => i !== 1)
    .map((row) => row.split("|").map((cell) => cell.trim()));
}
