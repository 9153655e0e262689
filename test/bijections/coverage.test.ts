import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as library from "../../src/bijections/index.js";
import type { Bijection } from "../../src/bijections/index.js";
import { registry } from "./registry.js";

type Library = typeof library;

/** What the library exports that makes a bijection: classes, and functions. */
type BijectionName = {
  [Name in keyof Library]: Library[Name] extends
    (new (...args: never[]) => Bijection) | ((...args: never[]) => Bijection)
    ? Name
    : never;
}[keyof Library];

/** Every bijection, by name: one that the library adds is missed here when compiled. */
const covered: Readonly<Record<BijectionName, true>> = {
  ActNorm: true,
  BatchNormBijection: true,
  Chain: true,
  ContinuousFlow: true,
  Coupling: true,
  DiagonalScale: true,
  evensFirst: true,
  flatten: true,
  Inverted: true,
  InvertibleConv: true,
  Logit: true,
  MaskedAutoregressive: true,
  MonotoneBlock: true,
  MultiScale: true,
  Rescale: true,
  ResidualBlock: true,
  squeeze: true,
  Whitening: true,
  ZeroPad: true,
};

describe("the contract of bijections", () => {
  it("knows every class of bijections that the library exports", () => {
    const classes = Object.entries(library)
      .filter(([, value]) => isBijectionClass(value))
      .map(([name]) => name);
    assert.deepEqual(
      classes.filter((name) => !Object.hasOwn(covered, name)),
      [],
    );
  });

  for (const name of Object.keys(covered)) {
    it(`covers ${name}`, () => {
      const entries = Object.keys(registry).filter((entry) => entry.split(",")[0] === name);
      assert.notDeepEqual(entries, []);
    });
  }
});

function isBijectionClass(value: unknown): boolean {
  if (typeof value !== "function") return false;
  const prototype: unknown = value.prototype;
  return typeof prototype === "object" && prototype !== null && "inverse" in prototype;
}
