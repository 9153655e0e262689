import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { root } from "./support/markdown.js";

interface Result {
  readonly section: string;
  readonly data: string;
  readonly system: string;
  readonly unit: string;
  /** null where it isn't a number. */
  readonly value: number | null;
  readonly published?: number;
  readonly command: string;
  readonly seed: number;
}

const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const { rows } = JSON.parse(read("docs/results.json")) as { rows: readonly Result[] };
const sections = new Map(
  read("docs/results.md")
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.split("\n")[0]!, section]),
);

function numbers(text: string): Set<number> {
  const found = text.replaceAll(/(?<=\d),(?=\d{3})/g, "").match(/\d+(?:\.\d+)?(?:e-?\d+)?/g);
  return new Set(found?.map(Number));
}

/** Of a section the rows of tables that name a system or its data, or all that it says. */
function linesOn({ system, data }: Result, section: string): string {
  const names = [system, system.split(", ")[0]!, data];
  const cells = section.split("\n").filter((line) => line.startsWith("|"));
  const lines = cells.filter((line) => names.some((name) => line.includes(name)));
  return lines.length > 0 ? lines.join("\n") : section;
}

describe("docs/results.json", () => {
  for (const [name, section] of sections) {
    const measured = rows.filter((row) => row.section === name);
    if (measured.length === 0) continue;
    it(`says what results.md says of: ${name}`, () => {
      for (const row of measured) {
        const what = `${row.system} on ${row.data}`;
        const said = numbers(linesOn(row, section));
        for (const figure of [row.value, row.published]) {
          if (typeof figure === "number") assert.ok(said.has(figure), `${what}: ${figure}`);
        }
        assert.ok(section.includes(row.command), `${what}: ${row.command}`);
        assert.ok(Number.isInteger(row.seed) && row.unit !== "", what);
      }
    });
  }

  it("has rows of sections that are there, and each once", () => {
    for (const { section } of rows) assert.ok(sections.has(section), section);
    const keys = rows.map((row) => JSON.stringify({ ...row, value: undefined }));
    assert.equal(new Set(keys).size, keys.length);
  });
});
