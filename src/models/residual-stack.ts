import type { Bijection } from "../bijections/index.js";
import * as z from "zod";
import {
  concatenatedBranch,
  convBranch,
  denseBranch,
  type Branch,
  type BranchOptions,
  type Scope,
} from "../nn/index.js";
import type { Shape } from "../tree.js";
import { blockOptions, blockParts, type BlockOptions } from "./block-options.js";
import { activationOption } from "./config.js";
import type { BlockInfo } from "./model.js";
import { hiddenChannels } from "./scales.js";

/**
 * Bound on the norm of each layer, in (0, 0.998); `null` for none ("vanilla"); or
 * `{ norm, invertible: false }`, see {@link FreeNorm}, for one that may be 1 and more.
 */
export const contraction = z
  .union(
    [
      z.custom<number>((c) => typeof c === "number"),
      z.strictObject({ norm: z.number(), invertible: z.literal(false) }),
    ],
    {
      error: "expected a number, null for no bound, or { norm, invertible: false }",
    },
  )
  .nullable();

/** What the blocks of an i-ResNet have in common. */
export const residualOptions = {
  activation: activationOption.default("elu"),
  c: contraction.default(0.9),
  ...blockOptions,
};

export interface ResidualOptions extends z.output<z.ZodObject<typeof residualOptions>> {
  /** Features of a condition that every branch takes; none unless given. */
  readonly condition?: number;
}

/** ActNorm and residual block, again and again, on events of one shape. */
export class ResidualStack {
  readonly parts: readonly Bijection[];
  readonly blocks: readonly BlockInfo[];

  /**
   * @param hidden channels inside a convolutional branch, or sizes of a dense branch's layers
   * @param first whether the network starts here, so that its first block takes its input bare
   */
  constructor(
    scope: Scope,
    shape: Shape,
    sizes: { readonly blocks: number; readonly hidden: readonly number[]; readonly first: boolean },
    options: ResidualOptions,
  ) {
    const parts: Bijection[] = [];
    const blocks: BlockInfo[] = [];
    for (let i = 0; i < sizes.blocks; i++) {
      const at = scope.child("blocks").child(i);
      const branchOptions = {
        activation: options.activation,
        c: options.c ?? undefined,
        activateInput: !(sizes.first && i === 0),
        condition: options.condition ?? 0,
      };
      const branch = makeBranch(at.child("branch"), shape, sizes.hidden, branchOptions, options);
      const made = blockParts(at, shape, branch, options);
      parts.push(...made.parts);
      blocks.push(made.info);
    }
    this.parts = parts;
    this.blocks = blocks;
  }
}

function makeBranch(
  scope: Scope,
  shape: Shape,
  hidden: readonly number[],
  options: BranchOptions,
  { concatenate }: BlockOptions,
): Branch {
  if (concatenate) return concatenatedBranch(scope, shape, concatenate, options);
  const [first, height, width] = shape;
  if (first !== undefined && height !== undefined && width !== undefined) {
    const channels = hiddenChannels(hidden, "i-ResNet");
    return convBranch(scope, [first, height, width], channels, options);
  }
  return denseBranch(scope, first!, hidden, options);
}
