import { encodeNumbers } from "../parts/numbers-json.js";
import type { Bench } from "./bench.js";
import * as bounds from "./bounds.js";
import * as playground from "./playground.js";
import { shippedBounds } from "./shipped.js";

/** The pictures that the page shows before its engine has started, as files by name. */
export async function prerender(bench: Bench): Promise<Record<string, string>> {
  const moons = await playground.open(bench).show("checkpoints/moons.safetensors", "moons");
  const measured = [];
  for (const bound of shippedBounds) measured.push(await bounds.open(bench).measure(bound));
  return { "moons.json": encodeNumbers(moons), "bounds.json": encodeNumbers(measured) };
}
