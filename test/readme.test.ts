import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { modelDefinitions, type ModelDefinition } from "../src/models/index.js";
import { farFromMoons } from "./support/moons.js";

const root = new URL("../../", import.meta.url);
const readme = readFileSync(new URL("README.md", root), "utf8");

describe("README", () => {
  it("has an example of 15 lines that learns two moons and returns to where it began", async () => {
    const example = /```ts\n(.*?)```/s.exec(readme)?.[1];
    assert.ok(example, "expected a block of TypeScript");
    assert.ok(example.trim().split("\n").length <= 15);
    const { outputText } = ts.transpileModule(example, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
    });
    // Inside the package, so that its own name leads to its exports.
    const folder = new URL("build/readme/", root);
    mkdirSync(folder, { recursive: true });
    const file = fileURLToPath(new URL("example.mjs", folder));
    writeFileSync(file, `${outputText}\nconsole.log(JSON.stringify([...x.data]));`);
    const output = execFileSync(process.execPath, [file], { encoding: "utf8" });
    const [said = "", samples = ""] = output.trim().split("\n");
    assert.match(said, /^log p\(x\) -\d\.\d{3}, and x comes back: (-?\d\.\d{3}) of \1$/);
    const far = await farFromMoons(JSON.parse(samples) as number[]);
    assert.ok(far <= 40, `${far} of 500 samples are far from all points of the moons`);
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
