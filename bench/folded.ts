import { compile } from "../src/engine/compile.js";
import type { Engine, Store } from "../src/engine/engine.js";
import type { Model } from "../src/models/index.js";
import { Context } from "../src/nn/index.js";
import type { Arrays, NDArray } from "../src/tree.js";

/** y = φ(scale·x + shift) through three convolutions with φ between them, and x added. */
export interface FoldedBlock {
  readonly scale: Float32Array;
  readonly shift: Float32Array;
  /** Whether φ comes before the first convolution too. */
  readonly activateInput: boolean;
  readonly convolutions: readonly Affine[];
}

/** A weight, `[O, I, k, k]` or `[O, I]`, and a bias. */
export interface Affine {
  readonly weight: NDArray;
  readonly bias: Float32Array;
}

/** An i-ResNet classifier whose norms are folded into plain numbers: what inference needs. */
export interface FoldedClassifier {
  /** Channels of the first stage. */
  readonly channels: number;
  readonly stages: readonly (readonly FoldedBlock[])[];
  /** Of the batch norm: features are max(0, scale·x + shift). */
  readonly scale: Float32Array;
  readonly shift: Float32Array;
  readonly head: Affine;
}

/** @param store the model's arrays, whose norms have settled */
export async function fold(engine: Engine, model: Model, store: Store): Promise<FoldedClassifier> {
  const arrays = await store.read();
  const normalised = compile(engine, () => {
    const ctx = new Context({ phase: "infer" });
    return {
      outputs: Object.fromEntries(
        model.scope.norms.map((norm) => [norm.path, norm.normalised(ctx)] as const),
      ),
    };
  });
  const weights = await normalised.call({}, { store });
  await normalised.close();
  const stages: FoldedBlock[][] = [];
  for (const { path, norms } of model.blocks) {
    const [, stage] = path.split(".").map(Number);
    (stages[stage!] ??= []).push(foldBlock(path, norms, arrays, weights));
  }
  const data = (name: string): Float32Array => arrays[name]!.data;
  const scale = data("head.norm.scale").map(
    (gain, i) => gain / Math.sqrt(data("head.norm.variance")[i]! + 1e-5),
  );
  return {
    channels: stages[0]![0]!.scale.length,
    stages,
    scale,
    shift: data("head.norm.shift").map((b, i) => b - data("head.norm.mean")[i]! * scale[i]!),
    head: { weight: arrays["head.linear.weight"]!, bias: data("head.linear.bias") },
  };
}

function foldBlock(
  path: string,
  norms: readonly string[],
  arrays: Arrays,
  weights: Arrays,
): FoldedBlock {
  return {
    scale: arrays[`${path}.actNorm.logScale`]!.data.map(Math.exp),
    shift: arrays[`${path}.actNorm.shift`]!.data,
    activateInput: path !== "stages.0.blocks.0",
    convolutions: norms.map((norm) => ({
      weight: weights[norm]!,
      bias: arrays[`${norm}.bias`]!.data,
    })),
  };
}
