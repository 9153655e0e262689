import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Values } from "../support/values.js";

const folder = new URL("../../../test/pytorch/fixtures/", import.meta.url);

/** A file that the originals' code wrote, see make-fixtures.py. */
export function fixture(name: string): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(new URL(`${name}.gz`, folder))));
}

/** What an original gave for some rows. */
export interface Pass {
  readonly x: Values;
  readonly z: Values;
  readonly logDet?: Values;
  readonly logProb?: Values;
  readonly logits?: Values;
}

type Passes = Readonly<Record<string, Pass | Readonly<Record<"averaged" | "last", Pass>>>>;

/** What the model of a fixture gave, by its averaged or its last parameters where it has both. */
export function forwardPass(name: string, which: "averaged" | "last" = "averaged"): Pass {
  const text = readFileSync(new URL("forward.json", folder), "utf8");
  const pass = (JSON.parse(text) as Passes)[name]!;
  return "x" in pass ? pass : pass[which];
}
