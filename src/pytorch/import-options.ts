import type { JsonValue } from "../json.js";
import type { Arrays, Shape } from "../tree.js";

/** The repositories whose models can be imported. */
export const originalNames = ["invertible-resnet", "residual-flows"] as const;

export type OriginalName = (typeof originalNames)[number];

/** What a file of the originals doesn't always say. What it says must agree with what is given. */
export interface ImportOptions {
  /**
   * Whose model it is: `invertible-resnet`, https://github.com/jhjacobsen/invertible-resnet, or
   * `residual-flows`, https://github.com/rtqichen/residual-flows.
   */
  readonly from: OriginalName;
  /** Names the file in errors; "importPyTorch" unless given. */
  readonly where?: string;
  /** The coefficient c that bounds each layer; the script's default unless given. */
  readonly c?: number;
  /** The activation; the script's default unless given. */
  readonly activation?: string;
  /** Shape `[C, H, W]` of an image; `[3, 32, 32]` for `invertible-resnet` unless given. */
  readonly shape?: Shape;
  /**
   * Mean and deviation of each channel, in units of 1/255, by which a classifier's images were
   * normalised; those of the script for CIFAR-10 (10 classes) or CIFAR-100 unless given.
   */
  readonly normalisation?: {
    readonly mean: readonly number[];
    readonly deviation: readonly number[];
  };
  /** What a model with a head of classes was trained for; a classifier unless given. */
  readonly task?: "classification" | "density";
  /** Whether to take the averages of the parameters that a file keeps, as the script does; true. */
  readonly averaged?: boolean;
}

export const importOptionNames = [
  "from",
  "where",
  "c",
  "activation",
  "shape",
  "normalisation",
  "task",
  "averaged",
] as const satisfies readonly (keyof ImportOptions)[];

export interface Imported {
  /** For {@link createModel}. */
  readonly model: { readonly kind: string; readonly config: JsonValue };
  /** Every variable of the model, by path. */
  readonly arrays: Arrays;
  /** What is not as in the original, and what was assumed: a sentence each. */
  readonly differences: readonly string[];
}
