import {
  conv2d,
  conv2dInputGrad,
  conv2dWeightGrad,
  input,
  simplify,
  type Tensor,
} from "../graph/index.js";
import type { Target } from "../onnx/index.js";
import { ndarray, sizeOf, type Arrays, type NDArray, type Shape } from "../tree.js";
import type { Engine } from "./engine.js";

/**
 * [B, C, O, H, W] of convolutions that need padding to whole blocks, in channels and in the batch,
 * of one whose few channels out are sums of taps, and of one with channels enough for Winograd's way.
 */
const sizes = [
  [12, 4, 20, 5, 6],
  [8, 48, 4, 5, 6],
  [8, 64, 64, 5, 6],
] as const;
/** [B, C, H, W] of what comes in blocks to the gradient of a 1x1 filter, with its pixels in blocks. */
const pointwise = [8, 16, 4, 4] as const;
const tolerance = 1e-4;

type Loader = Pick<Engine, "load">;

/**
 * The fastest lowering that computes here what the portable one does. Blocked convolutions are
 * internal to ONNX Runtime, and their width depends on the processor: none is taken on trust.
 */
export async function fastestTarget(engine: (target: Target) => Loader): Promise<Target> {
  const expected = await convolutions(engine("portable"));
  for (const target of ["blocked16", "blocked8"] as const) {
    try {
      if (agree(await convolutions(engine(target)), expected)) return target;
    } catch {
      // Not a failure: this build of the runtime, or this processor, has no such operators.
    }
  }
  return "portable";
}

/** The three convolutions of a training step, on fixed numbers. */
export async function convolutions(engine: Loader): Promise<Arrays> {
  const feeds: Record<string, NDArray> = {};
  const outputs: Record<string, Tensor> = {};
  const fed = (name: string, shape: Shape): Tensor => {
    feeds[name] = waves(shape, Object.keys(feeds).length);
    return input(name, shape);
  };
  for (const [batch, channels, out, height, width] of sizes) {
    const x = fed(`x${channels}`, [batch, channels, height, width]);
    const w = fed(`w${channels}`, [out, channels, 3, 3]);
    const g = fed(`g${channels}`, [batch, out, height, width]);
    outputs[`forward${channels}`] = conv2d(x, w);
    outputs[`inputGrad${channels}`] = conv2dInputGrad(g, w);
    outputs[`weightGrad${channels}`] = conv2dWeightGrad(x, g, 3);
  }
  const [x, g, w] = [fed("x", pointwise), fed("g", pointwise), fed("w", [16, 16, 3, 3])];
  outputs.pointwiseGrad = conv2dWeightGrad(conv2d(x, w), conv2d(g, w), 1);
  const session = await engine.load({ outputs: simplify(outputs), updates: {}, guard: [] });
  const results = await session.run(feeds);
  await session.close();
  return results;
}

/** Numbers without a pattern that a wrong order could keep. */
export function waves(shape: Shape, seed: number): Arrays[string] {
  const data = Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * i + seed));
  return ndarray(data, shape);
}

/** Whether results are the same but for rounding. */
export function agree(a: Arrays, b: Arrays): boolean {
  return Object.entries(b).every(([name, { data }]) =>
    data.every(
      (value, i) => Math.abs(value - a[name]!.data[i]!) <= tolerance * (1 + Math.abs(value)),
    ),
  );
}
