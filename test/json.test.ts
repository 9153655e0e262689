import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sameJson } from "../src/json.js";

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
