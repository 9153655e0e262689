import { blockedConvolutions } from "./blocked-conv.js";
import { Blocks } from "./blocks.js";
import { elementwise } from "./elementwise.js";
import { iteration } from "./fixed-point.js";
import { elementwiseIn } from "./layout-elementwise.js";
import { linear } from "./linear.js";
import { loops } from "./loop.js";
import type { Lowerings, LoweringTarget } from "./lowering.js";
import { pixelConvolutions } from "./pixel-conv.js";
import { pixels } from "./pixels.js";
import { structure } from "./structure.js";
import { winograd } from "./winograd.js";
import { webgpu } from "./webgpu.js";

/** ONNX's own operators only, for every runtime. */
const portable: Lowerings = { ...structure, ...elementwise, ...linear, ...iteration, ...loops };

/**
 * For files that other programs read, by operators of set 13: there the axes of a maximum are an
 * attribute.
 */
export const exported: LoweringTarget = {
  lowerings: {
    ...portable,
    max: ({ attributes: { axes } }, [x], scope) =>
      axes.length === 0 ? x! : scope.emit("ReduceMax", [x!], { axes: [...axes] }),
  },
};

function blocked(size: number): LoweringTarget {
  const blocks = new Blocks(size);
  return {
    lowerings: portable,
    hidesShapes: true,
    layouts: [
      winograd,
      pixelConvolutions,
      elementwiseIn(pixels),
      blockedConvolutions(blocks),
      elementwiseIn(blocks),
    ],
  };
}

/**
 * What a model is lowered for: `portable`, or ONNX Runtime's CPU with AVX-512 (`blocked16`) or
 * AVX2 (`blocked8`), which computes faster in blocks, or its GPU (`webgpu`).
 */
export const targets = {
  portable: { lowerings: portable, hidesShapes: true },
  blocked16: blocked(16),
  blocked8: blocked(8),
  webgpu: { lowerings: { ...portable, ...webgpu } },
} satisfies Readonly<Record<string, LoweringTarget>>;

export type Target = keyof typeof targets;
