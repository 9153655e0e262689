import { blocked } from "./blocked.js";
import { elementwise } from "./elementwise.js";
import { iteration } from "./fixed-point.js";
import { linear } from "./linear.js";
import type { Lowerings } from "./lowering.js";
import { structure } from "./structure.js";
import { webgpu } from "./webgpu.js";

/** ONNX's own operators only, for every runtime. */
const portable: Lowerings = { ...structure, ...elementwise, ...linear, ...iteration };

/**
 * What a model is lowered for. Another target replaces single entries of `portable`: `blocked16`
 * and `blocked8` are ONNX Runtime's CPU with AVX-512 and with AVX2, `webgpu` is its GPU.
 */
export const targets = {
  portable,
  blocked16: { ...portable, ...blocked(16) },
  blocked8: { ...portable, ...blocked(8) },
  webgpu: { ...portable, ...webgpu },
} satisfies Readonly<Record<string, Lowerings>>;

export type Target = keyof typeof targets;
