import * as z from "zod";
import {
  ActNorm,
  InvertibleConv,
  MonotoneBlock,
  ResidualBlock,
  type Bijection,
} from "../bijections/index.js";
import type { Branch, Scope } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import { count, depth } from "./config.js";
import type { BlockInfo } from "./model.js";

/** How blocks are made of branches, in a configuration; the paper's own unless given. */
export const blockOptions = {
  /** `residual`, x + g(x), unless given; or `monotone`, see `MonotoneBlock`. */
  block: z.enum(["residual", "monotone"]).exactOptional(),
  /** Branches that concatenate, of so many layers of so many channels: see `concatenatedBranch`. */
  concatenate: z.strictObject({ depth, growth: count }).exactOptional(),
  /** Whether an invertible 1x1 map comes before each block; not unless given. */
  mix: z.boolean().exactOptional(),
};

export type BlockOptions = z.output<z.ZodObject<typeof blockOptions>>;

/** ActNorm, the invertible map if there is one, and the block of a branch, declared at a scope. */
export function blockParts(
  at: Scope,
  shape: Shape,
  branch: Branch,
  { block = "residual", mix = false }: BlockOptions,
): { readonly parts: readonly Bijection[]; readonly info: BlockInfo } {
  const isMonotone = block === "monotone";
  const Block = isMonotone ? MonotoneBlock : ResidualBlock;
  return {
    parts: [
      new ActNorm(at.child("actNorm"), shape),
      ...(mix ? [new InvertibleConv(at.child("mix"), shape)] : []),
      new Block(at.path, shape, branch),
    ],
    info: {
      path: at.path,
      // A monotone block has two log-determinants, whose truncations add up.
      dimensions: sizeOf(shape) * (isMonotone ? 2 : 1),
      norms: branch.norms.map((norm) => norm.path),
      ...(branch.inner && { inner: branch.inner.map((norm) => norm.path) }),
    },
  };
}
