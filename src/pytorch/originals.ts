import { CheckpointError, UsageError } from "../errors.js";
import { PickleDict, PickleObject, type PickleValue } from "./pickle-values.js";
import { StateDict } from "./state-dict.js";
import type { TorchFile } from "./torch-file.js";
import { TorchTensor } from "./torch-tensor.js";

/** What a file of an original says: its tensors, and what else it kept. */
export interface Original {
  readonly state: StateDict;
  /** Averages of the parameters, by name, with the buffers of `state`; if the file keeps some. */
  readonly averages?: StateDict;
  /** The arguments of the script that trained it, if the file keeps them. */
  readonly args?: PickleObject;
  /** Modules by path ("" for the model), if the file keeps the whole model. */
  readonly modules?: ReadonlyMap<string, PickleObject>;
}

const deepest = 32;
const mostModules = 2 ** 16;

/**
 * Finds the model in a file: a whole model, one under `model`, a state dict, or one under
 * `state_dict`. `DataParallel`'s prefix is taken off.
 *
 * @throws {CheckpointError} if there is none.
 */
export function findOriginal(file: TorchFile, where: string): Original {
  const { value } = file;
  const model = value instanceof PickleDict ? value.get("model") : value;
  if (model instanceof PickleObject && model.get("_modules") instanceof PickleDict) {
    return wholeModel(model, file, where);
  }
  const dict = value instanceof PickleDict ? (value.get("state_dict") ?? value) : undefined;
  const tensors = tensorsOf(dict);
  if (tensors === undefined || tensors.size === 0) {
    throw new CheckpointError(
      `${where}: expected a model, or a state dict of tensors, by itself or under "model" or "state_dict", got neither; save the model's state_dict with torch.save`,
    );
  }
  const [args, ema] = value instanceof PickleDict ? [value.get("args"), value.get("ema")] : [];
  const averages = ema instanceof PickleObject ? tensorsOf(ema.get("shadow_params")) : undefined;
  return {
    state: new StateDict(tensors, file, where),
    ...(averages && { averages: new StateDict(new Map([...tensors, ...averages]), file, where) }),
    ...(args instanceof PickleObject && { args }),
  };
}

function tensorsOf(value: PickleValue | undefined): Map<string, TorchTensor> | undefined {
  if (!(value instanceof PickleDict)) return undefined;
  const tensors = new Map<string, TorchTensor>();
  for (const [name, tensor] of value.entries) {
    if (typeof name !== "string" || !(tensor instanceof TorchTensor)) return undefined;
    tensors.set(name.replace(/^module\./, ""), tensor);
  }
  return tensors;
}

function wholeModel(root: PickleObject, file: TorchFile, where: string): Original {
  const isParallel = root.className.endsWith(" DataParallel");
  const inner = isParallel ? fieldsOf(root, "_modules").get("module") : root;
  const tensors = new Map<string, TorchTensor>();
  const modules = new Map<string, PickleObject>();
  const visit = (module: PickleObject, path: string, depth: number): void => {
    if (depth > deepest || modules.size >= mostModules) {
      throw new CheckpointError(
        `${where}: expected modules at most ${deepest} deep, and ${mostModules} of them, got more; the file is damaged`,
      );
    }
    modules.set(path, module);
    const prefix = path === "" ? "" : `${path}.`;
    for (const kind of ["_parameters", "_buffers"]) {
      for (const [name, tensor] of fieldsOf(module, kind).entries) {
        if (tensor instanceof TorchTensor) tensors.set(`${prefix}${String(name)}`, tensor);
      }
    }
    for (const [name, child] of fieldsOf(module, "_modules").entries) {
      if (child instanceof PickleObject) visit(child, `${prefix}${String(name)}`, depth + 1);
    }
  };
  if (inner instanceof PickleObject) visit(inner, "", 0);
  return { state: new StateDict(tensors, file, where), modules };
}

/** A field of an object that is a dict; an empty one if there is none. */
export function fieldsOf(object: PickleObject, field: string): PickleDict {
  const value = object.get(field);
  return value instanceof PickleDict ? value : new PickleDict();
}

/**
 * What the file says, or else the option, or else the default.
 * @throws {UsageError} if the option contradicts the file.
 */
export function agreed<T extends string | number>(
  name: string,
  inFile: PickleValue | undefined,
  given: T | undefined,
  otherwise: T,
): T {
  const known = typeof inFile === typeof otherwise ? (inFile as T) : undefined;
  if (known !== undefined && given !== undefined && known !== given) {
    throw new UsageError(
      `importPyTorch: expected ${name} ${known}, which the file says, got ${given}; leave the option out`,
    );
  }
  return known ?? given ?? otherwise;
}
