import { add, mul, type Tensor } from "../graph/index.js";

const margin = 2 ** -23;

/** Uniform noise, a multiple of 2⁻²⁴ in [0, 1), inside (0, 1) in float32: ln u and ln(1 − u) are finite. */
export const openUniform = (noise: Tensor): Tensor => add(mul(noise, 1 - 2 * margin), margin);
