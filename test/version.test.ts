import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { version } from "../src/version.js";

it("is package.json's version", () => {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  assert.equal(version, (JSON.parse(text) as { version: string }).version);
});
