import { UsageError } from "../errors.js";
import type { Shape } from "../tree.js";
import type { ImportOptions } from "./import-options.js";
import { agreed, type Original } from "./originals.js";
import { sizeAt, type Block, type Link } from "./residual-flows-chain.js";
import type { StateDict } from "./state-dict.js";

/** What the file's tensors don't say, from its arguments, the options, or the scripts' defaults. */
export interface Facts {
  readonly shape: Shape;
  readonly squeezeFirst: boolean;
  /** Of the logit; undefined for models without. */
  readonly alpha: number | undefined;
  readonly activation: string;
  readonly c: number;
}

const activations = new Map<string, string>([
  ["swish", "lipswish"],
  ["elu", "elu"],
  ["relu", "relu"],
  ["softplus", "softplus"],
]);

/** Arguments of train_img.py and train_toy.py that ours has no match for, unless they are these. */
const expectedArgs: Readonly<Record<string, string | number | boolean>> = {
  block: "resblock",
  arch: "iresnet",
  task: "density",
  factor_out: false,
  quadratic: false,
  fc: false,
  fc_actnorm: false,
  learn_p: false,
  padding: 0,
  add_noise: true,
  nbits: 8,
};

const defaultAlpha = 0.05;
const mnistAlpha = 1e-6;

export function readFacts(
  original: Original,
  state: StateDict,
  options: ImportOptions,
  {
    isImage,
    stages,
    differences,
  }: {
    readonly isImage: boolean;
    readonly stages: readonly ReadonlyMap<number, Link>[];
    readonly differences: string[];
  },
): Facts {
  const { args } = original;
  if (args) expectArgs(original, state);
  else
    differences.push(
      "The file holds no arguments: the scripts' defaults and the options stand in.",
    );
  const block = stages
    .flatMap((links) => [...links.values()])
    .find((link) => link.kind === "block");
  if (!block) {
    throw state.error("residual blocks", "none, in a file of rtqichen/residual-flows");
  }
  const c = agreed("c", args?.get("coeff"), options.c, isImage ? 0.98 : 0.9);
  const activation = readActivation(original, options, block);
  if (!isImage) {
    const [, features = 0] = state.shapeOf(`${block.layers[0]!}.weight`);
    return { shape: [features], squeezeFirst: false, alpha: undefined, activation, c };
  }
  const [, channels = 0] = state.shapeOf(`${block.layers[0]!}.weight`);
  const [height, width] = sizeAt(state, block);
  const squeezeFirst =
    args?.get("squeeze_first") === true ||
    (!args && options.shape?.[1] === 2 * height && options.shape[2] === 2 * width);
  const shape = squeezeFirst ? [channels / 4, 2 * height, 2 * width] : [channels, height, width];
  agreed("shape", String(shape), options.shape && String(options.shape), "");
  // the logit has no tensors, and stands first
  const hasLogit = [...stages[0]!.keys()][0] === 1;
  const isMnist = args ? args.get("data") === "mnist" : shape[0] === 1;
  const alpha = hasLogit ? (isMnist ? mnistAlpha : defaultAlpha) : undefined;
  if (!args && alpha !== undefined) differences.push(`The logit's α is taken to be ${alpha}.`);
  return { shape, squeezeFirst, alpha, activation, c };
}

function expectArgs({ args }: Original, state: StateDict): void {
  for (const [name, expected] of Object.entries(expectedArgs)) {
    const value = args?.get(name);
    // data of 8 bits ignore what only another set of data reads
    if (value === undefined || (name === "nbits" && args?.get("data") !== "celebahq")) continue;
    if (value !== expected) {
      throw state.error(
        `a model with ${name} of ${expected}, as ours`,
        typeof value === "object" ? "another" : String(value),
      );
    }
  }
  const norms = args?.get("vnorms");
  if (typeof norms === "string" && !/^2+$/.test(norms)) {
    throw state.error("spectral norms alone, vnorms of 2s", norms);
  }
  if (args?.get("data") === "celeba_5bit") throw state.error("pixels of 8 bits", "5 bits");
}

function readActivation({ args }: Original, { activation }: ImportOptions, block: Block): string {
  if (block.betas.some((beta) => beta !== undefined)) {
    return agreed("activation", "lipswish", activation, "lipswish");
  }
  const named = args?.get("act");
  const known = typeof named === "string" ? activations.get(named) : undefined;
  if (typeof named === "string" && known === undefined) {
    throw new UsageError(
      `importPyTorch: expected an activation of ${[...activations.keys()].join(", ")}, got "${named}", which ours hasn't got`,
    );
  }
  if (known === undefined && activation === undefined) {
    throw new UsageError(
      `importPyTorch: expected the option "activation", which the file doesn't say, got none`,
    );
  }
  return agreed("activation", known, activation, "elu");
}
