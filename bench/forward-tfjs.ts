import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import type { NDArray } from "../src/tree.js";
import type { Affine, FoldedBlock, FoldedClassifier } from "./folded.js";

/** Logits by TensorFlow.js on WebAssembly, channels last as it stores images. */
export async function tensorflowForward(
  net: FoldedClassifier,
  x: NDArray,
): Promise<() => Promise<Float32Array>> {
  await tf.setBackend("wasm");
  const image = tf.transpose(tf.tensor4d(x.data, shape4(x)), [0, 2, 3, 1]);
  const stages = net.stages.map((blocks) => blocks.map(block));
  const [scale, shift] = [tf.tensor1d(net.scale), tf.tensor1d(net.shift)];
  const { weight, bias } = net.head;
  const head = tf.tensor2d(weight.data, [weight.shape[0]!, weight.shape[1]!]);
  const headBias = tf.tensor1d(bias);
  const missing = net.channels - x.shape[1]!;
  const logits = (): tf.Tensor => {
    let h: tf.Tensor4D = tf.pad(image, [
      [0, 0],
      [0, 0],
      [0, 0],
      [0, missing],
    ]);
    stages.forEach((blocks, stage) => {
      if (stage > 0) h = squeeze(h);
      for (const apply of blocks) h = apply(h);
    });
    const features = tf.mean(tf.relu(tf.add(tf.mul(h, scale), shift)), [1, 2]);
    return tf.add(tf.matMul(features as tf.Tensor2D, head, false, true), headBias);
  };
  return async () => {
    const y = tf.tidy(logits);
    const values = await y.data();
    y.dispose();
    return values as Float32Array;
  };
}

function block({ activateInput, ...arrays }: FoldedBlock): (x: tf.Tensor4D) => tf.Tensor4D {
  const [scale, shift] = [tf.tensor1d(arrays.scale), tf.tensor1d(arrays.shift)];
  const layers = arrays.convolutions.map(({ weight, bias }: Affine) => ({
    filter: tf.transpose(tf.tensor4d(weight.data, shape4(weight)), [2, 3, 1, 0]),
    bias: tf.tensor1d(bias),
  }));
  return (x) => {
    const start = tf.add<tf.Tensor4D>(tf.mul(x, scale), shift);
    const residual = layers.reduce(
      (h, layer, i) =>
        tf.fused.conv2d({
          ...layer,
          x: i > 0 || activateInput ? tf.elu(h) : h,
          strides: 1,
          pad: "same",
        }),
      start,
    );
    return tf.add(start, residual);
  };
}

/** Each 2x2 patch as channels. */
function squeeze(x: tf.Tensor4D): tf.Tensor4D {
  const [b, h, w, c] = x.shape;
  const patches = tf.transpose(tf.reshape(x, [b, h / 2, 2, w / 2, 2, c]), [0, 1, 3, 2, 4, 5]);
  return tf.reshape(patches, [b, h / 2, w / 2, 4 * c]);
}

function shape4({ shape }: NDArray): [number, number, number, number] {
  return [shape[0]!, shape[1]!, shape[2]!, shape[3]!];
}
