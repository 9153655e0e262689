import { defaultDevice, init, jit, lax, nn, numpy as np } from "@jax-js/jax";
import type { NDArray } from "../src/tree.js";
import type { FoldedBlock, FoldedClassifier } from "./folded.js";

/** Logits by jax-js on WebAssembly, compiled once. */
export async function jaxForward(
  net: FoldedClassifier,
  x: NDArray,
): Promise<() => Promise<Float32Array>> {
  await init("wasm");
  defaultDevice("wasm");
  const image = array(x);
  const stages = net.stages.map((blocks) => blocks.map(block));
  const [scale, shift] = [channels(net.scale), channels(net.shift)];
  const head = array(net.head.weight);
  const bias = np.array(net.head.bias);
  const missing = net.channels - x.shape[1]!;
  const logits = jit((input: np.Array): np.Array => {
    let h = np.pad(input, [
      [0, 0],
      [0, missing],
      [0, 0],
      [0, 0],
    ]);
    stages.forEach((blocks, stage) => {
      if (stage > 0) h = squeeze(h);
      for (const apply of blocks) h = apply(h);
    });
    const features = nn.relu(h.mul(scale.ref).add(shift.ref)).mean([2, 3]);
    return np.matmul(features, head.ref.transpose()).add(bias.ref);
  });
  return async () => (await logits(image.ref).data()) as Float32Array;
}

function block({ activateInput, ...arrays }: FoldedBlock): (x: np.Array) => np.Array {
  const [scale, shift] = [channels(arrays.scale), channels(arrays.shift)];
  const layers = arrays.convolutions.map(({ weight, bias }) => ({
    filter: array(weight),
    bias: channels(bias),
  }));
  return (x) => {
    const start = x.mul(scale.ref).add(shift.ref);
    const residual = layers.reduce((h, { filter, bias }, i) => {
      const activated = i > 0 || activateInput ? nn.elu(h) : h;
      return lax.conv(activated, filter.ref, [1, 1], "SAME").add(bias.ref);
    }, start.ref);
    return start.add(residual);
  };
}

/** Each 2x2 patch as channels. */
function squeeze(x: np.Array): np.Array {
  const [b, c, h, w] = x.shape as [number, number, number, number];
  const patches = x.reshape([b, c, h / 2, 2, w / 2, 2]).transpose([0, 3, 5, 1, 2, 4]);
  return patches.reshape([b, 4 * c, h / 2, w / 2]);
}

const array = ({ data, shape }: NDArray): np.Array =>
  np.array(new Float32Array(data), { shape: [...shape] });

/** One number for each channel of `[B, C, H, W]`. */
const channels = (data: Float32Array): np.Array => array({ data, shape: [1, data.length, 1, 1] });
