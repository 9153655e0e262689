import { ActNorm, type Bijection } from "../bijections/index.js";
import type { Scope } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import { vectorBijections, type Pixels } from "./pixels.js";

/** An event as a vector of real numbers, each standardised by an ActNorm: `scope`'s `standard`. */
export function standardised(
  scope: Scope,
  events: { readonly shape: Shape; readonly pixels: Pixels },
): Bijection[] {
  const norm = new ActNorm(scope.child("standard"), [sizeOf(events.shape)]);
  return [...vectorBijections(events), norm];
}
