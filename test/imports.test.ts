import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../../src", import.meta.url));

/** Files of src/ by path, with the files of src/ that each imports, types included. */
function importsOf(): Map<string, readonly string[]> {
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  return new Map(
    files.map((file) => {
      const text = readFileSync(join(source, file), "utf8");
      const found = [...text.matchAll(/^(?:import|export)\s[^;]*?from "(\.[^"]+)";/gm)];
      const paths = found.map(([, specifier]) =>
        relative(source, join(source, dirname(file), specifier!.replace(/\.js$/, ".ts"))),
      );
      return [file, paths];
    }),
  );
}

/** Files in a circle, the first one again at the end; none if there is no circle. */
function circleIn(imports: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): readonly string[] => {
    if (done.has(file)) return [];
    const at = path.indexOf(file);
    if (at >= 0) return [...path.slice(at), file];
    path.push(file);
    for (const next of imports.get(file) ?? []) {
      const circle = visit(next);
      if (circle.length > 0) return circle;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const file of imports.keys()) {
    const circle = visit(file);
    if (circle.length > 0) return circle;
  }
  return [];
}

describe("imports", () => {
  it("have no circle", () => {
    const imports = importsOf();
    assert.ok(imports.size > 150);
    assert.deepEqual(circleIn(imports), []);
  });

  it("would be found if they had one", () => {
    const imports = new Map([
      ["a", ["b"]],
      ["b", ["c"]],
      ["c", ["b"]],
    ]);
    assert.deepEqual(circleIn(imports), ["b", "c", "b"]);
  });
});
