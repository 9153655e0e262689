import * as z from "zod";
import {
  Chain,
  flatten,
  halfOf,
  MultiScale,
  squeeze,
  type Bijection,
} from "../bijections/index.js";
import { DiagonalGaussian } from "../distributions/index.js";
import type { Scope } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import { count, depth, eventShape, expectImage } from "./config.js";
import type { BlockInfo, DensityPart } from "./model.js";
import { holdPixels, pixelBijections, pixelOption } from "./pixels.js";
import { residualOptions, ResidualStack } from "./residual-stack.js";

/** What the configurations of densities made of residual blocks have in common. */
export const residualBodyOptions = {
  ...residualOptions,
  shape: eventShape,
  blocks: z.array(depth).nonempty().readonly(),
  widths: z.array(count).readonly(),
  pixels: pixelOption,
};

export interface ResidualBodyOptions extends z.output<z.ZodObject<typeof residualBodyOptions>> {
  readonly condition?: number;
}

/** How the scales of an image follow one another. */
export interface ScaleOptions {
  /** Whether images are squeezed before the first scale too. */
  readonly squeezeFirst: boolean;
  /** Whether half the channels are finished after each scale. */
  readonly factorOut: boolean;
  /** Fully connected blocks after the last scale. */
  readonly dense?: { readonly blocks: number; readonly widths: readonly number[] };
  /** Where logits of pixels start, see {@link Logit}. */
  readonly alpha?: number;
}

export interface ResidualBody {
  /** Data to a vector of as many elements. */
  readonly bijection: Bijection;
  readonly blocks: readonly BlockInfo[];
}

/**
 * Residual blocks from data to a vector: all of one shape for vectors, and scales with squeezes
 * between for images, whose pixels become real numbers first.
 */
function residualBody(
  scope: Scope,
  options: ResidualBodyOptions,
  scales: ScaleOptions,
): ResidualBody {
  return options.shape.length === 1
    ? vectorBody(scope, options)
    : imageBody(scope, options, scales);
}

function vectorBody(scope: Scope, options: ResidualBodyOptions): ResidualBody {
  const stacks = options.blocks.map(
    (blocks, stage) =>
      new ResidualStack(
        scope.child("stages").child(stage),
        options.shape,
        { blocks, hidden: options.widths, first: stage === 0 },
        options,
      ),
  );
  return {
    bijection: new Chain(stacks.flatMap((stack) => stack.parts)),
    blocks: stacks.flatMap((stack) => stack.blocks),
  };
}

function imageBody(
  scope: Scope,
  options: ResidualBodyOptions,
  { squeezeFirst, factorOut, dense, alpha }: ScaleOptions,
): ResidualBody {
  const blocks: BlockInfo[] = [];
  let shape: Shape = options.shape;
  const add = (at: Scope, sizes: ConstructorParameters<typeof ResidualStack>[2]): Bijection[] => {
    const stack = new ResidualStack(at, shape, sizes, options);
    blocks.push(...stack.blocks);
    return [...stack.parts];
  };
  const scales = options.blocks.map((count, stage) => {
    const parts: Bijection[] = [];
    if (stage > 0 && factorOut) shape = halfOf(shape);
    if (stage > 0 || squeezeFirst) parts.push(squeeze(expectImage(shape)));
    shape = parts.at(-1)?.outShape ?? shape;
    const sizes = { blocks: count, hidden: options.widths, first: stage === 0 };
    parts.push(...add(scope.child("stages").child(stage), sizes));
    return parts;
  });
  if (dense) {
    const last = scales.at(-1)!;
    last.push(flatten(shape));
    shape = last.at(-1)!.outShape;
    const sizes = { blocks: dense.blocks, hidden: dense.widths, first: false };
    last.push(...add(scope.child("dense"), sizes));
  }
  const chains = scales.map((parts) => new Chain(parts));
  return {
    bijection: new Chain([
      ...pixelBijections(options, alpha),
      new MultiScale(factorOut ? chains : [new Chain(chains)]),
    ]),
    blocks,
  };
}

/** The parts of a density made of residual blocks. */
export interface ResidualParts {
  readonly shape: Shape;
  readonly condition: number;
  readonly pixels: boolean;
  readonly bijection: Bijection;
  readonly blocks: readonly BlockInfo[];
  readonly density: DensityPart;
}

/** A density of residual blocks, with a learned diagonal Gaussian as base. */
export function residualDensity(
  scope: Scope,
  options: ResidualBodyOptions,
  scales: ScaleOptions,
): ResidualParts {
  const { shape, condition = 0 } = options;
  const { bijection, blocks } = residualBody(scope, options, scales);
  const base = new DiagonalGaussian(scope.child("base"), sizeOf(shape));
  return {
    shape,
    condition,
    pixels: holdPixels(options),
    bijection,
    blocks,
    density: { base, logDet: "series" },
  };
}
