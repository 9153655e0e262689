import { ActNorm, flatten, type Bijection } from "../bijections/index.js";
import type { Scope } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import { pixelBijections, type Pixels } from "./pixels.js";

/** An event as a vector of real numbers, each standardised by an ActNorm: `scope`'s `standard`. */
export function standardised(scope: Scope, shape: Shape, pixels: Pixels): Bijection[] {
  const image = shape.length === 3 ? [...pixelBijections(shape, pixels), flatten(shape)] : [];
  return [...image, new ActNorm(scope.child("standard"), [sizeOf(shape)])];
}
