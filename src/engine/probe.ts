import { conv2d, conv2dInputGrad, conv2dWeightGrad, input, simplify } from "../graph/index.js";
import type { Target } from "../onnx/index.js";
import { ndarray, sizeOf, type Arrays, type Shape } from "../tree.js";
import type { Engine } from "./engine.js";

/** Sizes that need padding to whole blocks, in channels and in the batch. */
const shapes: Readonly<Record<string, Shape>> = {
  x: [12, 4, 5, 6],
  w: [20, 4, 3, 3],
  g: [12, 20, 5, 6],
};
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
  const [x, w, g] = [input("x", shapes.x!), input("w", shapes.w!), input("g", shapes.g!)];
  const outputs = simplify({
    forward: conv2d(x, w),
    inputGrad: conv2dInputGrad(g, w),
    weightGrad: conv2dWeightGrad(x, g, 3),
  });
  const session = await engine.load({ outputs, updates: {}, guard: [] });
  const feeds = Object.fromEntries(
    Object.entries(shapes).map(([name, shape], seed) => [name, waves(shape, seed)]),
  );
  const results = await session.run(feeds);
  await session.release();
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
