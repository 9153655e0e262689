import { elementwise } from "./elementwise.js";
import { iteration } from "./fixed-point.js";
import { linear } from "./linear.js";
import type { Lowerings } from "./lowering.js";
import { structure } from "./structure.js";

/** ONNX's own operators only, for every runtime. */
const portable: Lowerings = { ...structure, ...elementwise, ...linear, ...iteration };

/** What a model is lowered for. Another target replaces single entries of `portable`. */
export const targets = { portable } satisfies Readonly<Record<string, Lowerings>>;

export type Target = keyof typeof targets;
