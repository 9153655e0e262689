import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { describe, it } from "node:test";
import { decodeCheckpoint } from "../src/checkpoint/index.js";
import { openCheckpoint } from "../src/checkpoint/open.js";

const folder = new URL("../../pretrained/", import.meta.url);
const files = readdirSync(folder);
const names = files.filter((file) => file.endsWith(".safetensors"));

/** Bytes of all of them that a clone may take. */
const most = 40e6;

describe("pretrained models", () => {
  for (const file of names) {
    it(`${file} opens alone, and has a card that says what it is`, () => {
      const { model, data, training, arrays } = decodeCheckpoint(
        readFileSync(new URL(file, folder)),
        file,
      );
      openCheckpoint({ format: 1, model, arrays, ...(data && { data }) }, file);
      assert.equal(training, undefined);
      assert.ok(data, "evaluate takes the name of its data from it");
      const name = file.replace(".safetensors", "");
      const card = readFileSync(new URL(`${name}.md`, folder), "utf8");
      for (const said of [/^# /, /Made by: /, /Data: /, /Licence of the data: /]) {
        assert.match(card, said);
      }
      assert.match(card, new RegExp(`Figure: \`iresnet evaluate pretrained/${name} `));
    });
  }

  it("has no card without a model, and stays small", () => {
    assert.ok(names.length > 0);
    const cards = files.filter((file) => file.endsWith(".md")).map((file) => file.slice(0, -3));
    assert.deepEqual(
      cards,
      names.map((file) => file.replace(".safetensors", "")),
    );
    const bytes = names.reduce((sum, file) => sum + statSync(new URL(file, folder)).size, 0);
    assert.ok(bytes <= most, `${bytes} bytes`);
  });
});
