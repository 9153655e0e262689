import { topologicalOrder, type Tensor } from "../src/graph/index.js";
import { sizeOf, type Shape } from "../src/tree.js";
import type { KindOfWork } from "./cost.js";
import type { Operation } from "./profiler.js";

/** What an operator of the runtime did; `other` is what this table doesn't know. */
export interface DoneWork {
  readonly kind: KindOfWork | "other";
  readonly flops: number;
  readonly bytes: number;
}

/** Operators of ONNX and of ONNX Runtime by kind; convolutions and products are told apart by shape. */
const kinds: Readonly<Record<string, KindOfWork>> = Object.fromEntries([
  ...(
    "Abs Add Cast Ceil Clip Div Elu Equal Erf Exp Floor Greater GreaterOrEqual Less LessOrEqual Log " +
    "Max Min Mod Mul Neg Not Pow Reciprocal Relu Round Sigmoid Sign Sin Cos Softplus Sqrt Sub Sum Tanh Where"
  )
    .split(" ")
    .map((op) => [op, "elementwise"] as const),
  ...(
    "GlobalAveragePool ReduceL2 ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceSum " +
    "ReduceSumSquare Softmax"
  )
    .split(" ")
    .map((op) => [op, "reduction"] as const),
  ...(
    "Concat ConstantOfShape DepthToSpace Expand Flatten Gather Identity Pad ReorderInput " +
    "ReorderOutput Reshape Slice SpaceToDepth Split Squeeze Tile Transpose Unsqueeze"
  )
    .split(" ")
    .map((op) => [op, "movement"] as const),
]);

/** Operators whose result is their input under another shape. */
const renaming: readonly string[] = ["Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"];
const bytesPerElement = 4;

export type WorkOf = (operation: Operation) => DoneWork;

/** Tells what operators did, in a run of the graph of `outputs`. */
export function workRecogniser(outputs: readonly Tensor[]): WorkOf {
  const products = new Set(
    topologicalOrder(outputs).flatMap((node) => {
      if (node.op !== "matmul") return [];
      const inner = node.inputs[0]!.shape[node.attributes.transposeA ? 0 : 1]!;
      return [String([...node.shape, inner])];
    }),
  );
  return (operation) => {
    const { op, inputs, outputs } = operation;
    const written = outputs.reduce((sum, shape) => sum + sizeOf(shape), 0);
    const read = inputs.reduce((sum, shape) => sum + sizeOf(shape), 0);
    const bytes = renaming.includes(op) ? 0 : bytesPerElement * (read + written);
    const [image = [], filter = []] = inputs;
    const [result = []] = outputs;
    switch (op) {
      case "Conv":
      case "FusedConv": {
        const [, channels = 0, height = 0, width = 0] = filter;
        const keepsSize = image[2] === result[2];
        const oneByOne = height * width === 1;
        const kind = keepsSize ? (oneByOne ? "1x1 convolution" : "convolution") : "weight gradient";
        return { kind, flops: 2 * written * channels * height * width, bytes };
      }
      case "FusedMatMul":
      case "Gemm":
      case "MatMul": {
        const [rows = 1] = result.slice(-2);
        const inner = sizeOf(image.slice(-2)) / rows;
        const isProduct = products.has(String([...result, inner]));
        const kind = isProduct ? "matmul" : convolutionOf(image, filter, result, inner);
        return { kind, flops: 2 * written * inner, bytes };
      }
      default: {
        const kind = kinds[op] ?? "other";
        const flops = kind === "elementwise" ? written : kind === "reduction" ? sizeOf(image) : 0;
        return { kind, flops, bytes };
      }
    }
  };
}

/**
 * What a product of matrices is part of that the graph doesn't have as such: products of many
 * points, or of a small matrix with long lines, are a 3x3 convolution's, long sums a gradient's.
 */
function convolutionOf(a: Shape, b: Shape, result: Shape, inner: number): KindOfWork {
  const [rows = 1, columns = 1] = result.slice(-2);
  const isOfPoints = a.length === 5;
  const isLong = isOfPoints ? a[1] === b[1] : inner > Math.max(rows, columns);
  if (isLong) return "weight gradient";
  return isOfPoints || b.length === 3 || columns > rows ? "convolution" : "1x1 convolution";
}
