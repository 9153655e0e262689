import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseJsonObject, sameJson } from "../src/json.js";

describe("sameJson", () => {
  it("ignores the order of fields, and nothing else", () => {
    const value = { a: [1, { b: null, c: "x" }], d: 0.1 };
    assert.ok(sameJson(value, { d: 0.1, a: [1, { c: "x", b: null }] }));
    for (const other of [
      { a: [{ b: null, c: "x" }, 1], d: 0.1 },
      { a: [1, { b: null, c: "x" }] },
      { a: [1, { b: null, c: "x" }], d: 0.2 },
      [],
      null,
    ]) {
      assert.ok(!sameJson(value, other), JSON.stringify(other));
    }
  });
});

describe("parseJsonObject", () => {
  it("refuses what is nested too deeply for those who walk through it", () => {
    const nested = (depth: number): string => `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    assert.ok(parseJsonObject(nested(50)));
    assert.equal(parseJsonObject(nested(200)), undefined);
    assert.equal(parseJsonObject(nested(200_000)), undefined);
    assert.equal(parseJsonObject("[".repeat(200_000)), undefined);
  });

  it("takes brackets in strings for letters", () => {
    const text = JSON.stringify({ a: "[".repeat(500), b: '\\"[', c: "{" });
    assert.deepEqual(parseJsonObject(text), JSON.parse(text));
  });
});
