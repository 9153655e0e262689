import { expectKind } from "../border/kinds.js";
import { expectOneOf, expectOptions } from "../border/options.js";
import { CheckpointError, UsageError } from "../errors.js";
import { createModel } from "../models/index.js";
import { sameShape } from "../tree.js";
import {
  importOptionNames,
  originalNames,
  type Imported,
  type ImportOptions,
  type OriginalName,
} from "./import-options.js";
import { importInvertibleResNet } from "./invertible-resnet.js";
import { findOriginal } from "./originals.js";
import { importResidualFlow } from "./residual-flows.js";
import { openTorchFile } from "./torch-file.js";

export {
  originalNames,
  type Imported,
  type ImportOptions,
  type OriginalName,
} from "./import-options.js";

/**
 * A model of the papers' own PyTorch code as one of ours, from a file of `torch.save`: a checkpoint
 * of its script, a whole model or a state dict. Nothing in the file is executed.
 *
 * The import reproduces the original's function: weights are folded with the norms that the file
 * keeps, and c is so large that opening our model scales none of them. Against forward
 * passes of the originals' own code, in float64, latents and logits differ by 3·10⁻⁷.
 *
 * @param bytes of the whole file
 * @throws {UsageError} if an option is unknown, isn't for models of `from`, or contradicts the file.
 * @throws {CheckpointError} if the file is damaged, executes something, or holds a model that ours
 * has no match for; the message names the tensor or setting.
 * @see https://github.com/jhjacobsen/invertible-resnet
 * @see https://github.com/rtqichen/residual-flows
 */
export function importPyTorch(bytes: Uint8Array, options: ImportOptions): Imported {
  expectKind(bytes, "bytes", "importPyTorch");
  expectOptions(options, importOptionNames, "importPyTorch");
  const from = expectOneOf(options.from, originalNames, "importPyTorch: from");
  expectUsed(from, options);
  const where = options.where ?? "importPyTorch";
  const original = findOriginal(openTorchFile(bytes, where), where);
  const imported =
    from === "residual-flows"
      ? importResidualFlow(original, options)
      : importInvertibleResNet(original, options);
  expectComplete(imported, where);
  return imported;
}

/** What is given that says nothing of a repository's models, whose default is as good as nothing. */
const foreign: Readonly<
  Record<OriginalName, (options: ImportOptions) => keyof ImportOptions | undefined>
> = {
  "invertible-resnet": ({ averaged }) => (averaged === false ? "averaged" : undefined),
  "residual-flows": (options) =>
    (["normalisation", "task"] as const).find((name) => options[name] !== undefined),
};

/** @throws {UsageError} for an option that the import wouldn't read, or a c that bounds nothing. */
function expectUsed(from: OriginalName, options: ImportOptions): void {
  const name = foreign[from](options);
  if (name !== undefined) {
    throw new UsageError(`importPyTorch: expected no ${name} for ${from}; leave it out`, { name });
  }
  const { c } = options;
  if (c === undefined || (c > 0 && Number.isFinite(c))) return;
  throw new UsageError(`importPyTorch: expected c above 0, got ${c}`, { name: "c" });
}

/** @throws {CheckpointError} unless there is an array for every variable of the model. */
function expectComplete({ model, arrays }: Imported, where: string): void {
  const { variables } = createModel(model.kind, model.config).scope;
  const odd = variables.find(({ name, tensor }) => {
    const array = arrays[name];
    return !array || !sameShape(array.shape, tensor.shape);
  });
  if (odd === undefined && variables.length === Object.keys(arrays).length) return;
  throw new CheckpointError(
    `${where}: expected an array for each of ${variables.length} variables of ${model.kind}, got ${Object.keys(arrays).length}${odd ? `, and none of shape [${odd.tensor.shape}] for ${odd.name}` : ""}; the file's model has other layers than ours`,
  );
}
