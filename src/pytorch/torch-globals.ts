import { CheckpointError } from "../errors.js";
import type { Shape } from "../tree.js";
import type { GlobalRule } from "./pickle-machine.js";
import {
  describePickled,
  isPickleKey,
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  PickleSet,
  PickleTuple,
  type PickleKey,
  type PickleValue,
} from "./pickle-values.js";
import { storageTypes, TorchStorage, TorchTensor, type NumberType } from "./torch-tensor.js";

/** Axes of a tensor at most. */
const mostAxes = 16;

/** Types that a pickle names beside its storages: they are read as names. */
const plainNames = [
  "torch device",
  ...[
    "float16",
    "float32",
    "float64",
    "bfloat16",
    "int8",
    "uint8",
    "int16",
    "int32",
    "int64",
    "bool",
  ].map((type) => `torch ${type}`),
];

/**
 * Classes of PyTorch and of the originals whose instances their checkpoints hold. They become
 * {@link PickleObject}s: records of fields, of which the import reads tensors and sizes.
 */
const records = [
  "argparse Namespace",
  "torch.nn.backends.thnn _get_thnn_function_backend",
  "torch.nn.parallel.data_parallel DataParallel",
  "torch.nn.modules.module _WrappedHook",
  ...["container Sequential", "container ModuleList", "conv Conv2d", "linear Linear"].map(
    (name) => `torch.nn.modules.${name}`,
  ),
  ...["ELU", "ReLU", "Softplus", "Tanh", "SELU"].map(
    (name) => `torch.nn.modules.activation ${name}`,
  ),
  "torch.nn.modules.batchnorm BatchNorm2d",
  "torch.nn.modules.padding ZeroPad2d",
  "torch.nn.modules.pooling AdaptiveAvgPool2d",
  "torch.nn.modules.dropout Dropout",
  "torch.nn.modules.dropout Dropout2d",
  // jhjacobsen/invertible-resnet
  ...["conv_iResNet", "multiscale_conv_iResNet", "scale_block", "conv_iresnet_block"].map(
    (name) => `models.conv_iResNet ${name}`,
  ),
  ...["ActNorm2D", "ActNorm", "MaxMinGroup", "Split", "injective_pad", "squeeze"].map(
    (name) => `models.model_utils ${name}`,
  ),
  ...["", "StateDictHook", "LoadStateDictPreHook"].flatMap((hook) => [
    `spectral_norm_conv_inplace SpectralNormConv${hook}`,
    `spectral_norm_fc SpectralNorm${hook}`,
  ]),
  // rtqichen/residual-flows, called lib when its models were published
  ...["lib", "resflows"].flatMap((at) => [
    `${at}.utils ExponentialMovingAverage`,
    ...["ResidualFlow", "StackediResBlocks", "FCNet", "FCWrapper"].map(
      (name) => `${at}.resflow ${name}`,
    ),
    `${at}.layers.container SequentialFlow`,
    `${at}.layers.iresblock iResBlock`,
    `${at}.layers.squeeze SqueezeLayer`,
    ...["ActNorm1d", "ActNorm2d"].map((name) => `${at}.layers.act_norm ${name}`),
    ...["LogitTransform", "Normalize"].map((name) => `${at}.layers.elemwise ${name}`),
    ...["MovingBatchNorm1d", "MovingBatchNorm2d"].map(
      (name) => `${at}.layers.normalization ${name}`,
    ),
    ...["Swish", "Identity", "LipschitzCube", "FullSort", "MaxMin"].map(
      (name) => `${at}.layers.base.activations ${name}`,
    ),
    ...["InducedNormLinear", "InducedNormConv2d"].map(
      (name) => `${at}.layers.base.mixed_lipschitz ${name}`,
    ),
    ...["SpectralNormLinear", "SpectralNormConv2d"].map(
      (name) => `${at}.layers.base.lipschitz ${name}`,
    ),
  ]),
];

/** The allow-list of names in the pickles of PyTorch's files, for {@link unpickle}. */
export function torchGlobals(where: string): ReadonlyMap<string, GlobalRule> {
  const fail = (expected: string, got: string): CheckpointError =>
    new CheckpointError(`${where}: expected ${expected}, got ${got}; the file is damaged`);
  const rebuild = ([storage, offset, shape, strides]: readonly PickleValue[]): PickleValue => {
    if (!(storage instanceof TorchStorage)) {
      throw fail("a tensor of a storage", describePickled(storage));
    }
    const [axes, steps] = [wholes(itemsOf(shape)), wholes(itemsOf(strides))];
    if (!isWhole(offset) || !axes || axes.length !== steps?.length) {
      throw fail("a tensor's offset, shape and strides", "other values");
    }
    return new TorchTensor(storage, offset, axes, steps, where);
  };
  const rules = new Map<string, GlobalRule>([
    ["collections OrderedDict", { isClass: true, call: ([items]) => dictOf(items, fail) }],
    ["torch Size", { isClass: true, call: ([items]) => new PickleTuple(itemsOf(items) ?? []) }],
    ["torch._utils _rebuild_tensor", { call: rebuild }],
    ["torch._utils _rebuild_tensor_v2", { call: rebuild }],
    ["torch._utils _rebuild_parameter", { call: ([data]) => tensorOf(data, fail) }],
    ["torch.nn.parameter Parameter", { isClass: true, call: ([data]) => tensorOf(data, fail) }],
  ]);
  for (const module of ["builtins", "__builtin__"]) {
    rules.set(`${module} set`, { isClass: true, call: ([items]) => setOf(items, fail) });
  }
  for (const type of storageTypes.keys()) {
    rules.set(`torch ${type}`, {});
    rules.set(`torch.cuda ${type}`, {});
  }
  for (const name of plainNames) rules.set(name, {});
  for (const name of records) {
    rules.set(name, { isClass: true, call: (args) => new PickleObject(name, args) });
  }
  return rules;
}

/**
 * The storage that a persistent identifier names: `("storage", type, key, location, length)`; or of
 * `("module", class, file, source)`, with which old files keep their classes' source, the class.
 */
export function torchPersistent(
  id: PickleValue,
  where: string,
  storages: Map<string, TorchStorage>,
): PickleValue {
  const [kind, type, key, , length] = id instanceof PickleTuple ? id.items : [];
  if (kind === "module" && type instanceof PickleGlobal) return type;
  const numbers = type instanceof PickleGlobal ? numberTypeOf(type.name) : undefined;
  if (
    kind !== "storage" ||
    numbers === undefined ||
    typeof key !== "string" ||
    !isWhole(length) ||
    (id instanceof PickleTuple && id.items.length > 5 && id.items[5] !== null)
  ) {
    throw new CheckpointError(
      `${where}: expected BINPERSID to name a storage, its type, key and length, got ${describePickled(id)} of ${describePickled(kind)}; the file is damaged, or a version of PyTorch wrote it that isn't known here`,
      { name: "BINPERSID" },
    );
  }
  const known = storages.get(key);
  if (!known) {
    const storage = new TorchStorage(key, numbers, length);
    storages.set(key, storage);
    return storage;
  }
  if (known.type !== numbers || known.length !== length) {
    throw new CheckpointError(
      `${where}: expected storage ${key.slice(0, 40)} to be the same everywhere, got ${known.length} numbers of ${known.type.name} and ${length} of ${numbers.name}; the file is damaged`,
    );
  }
  return known;
}

function numberTypeOf(name: string): NumberType | undefined {
  return storageTypes.get(name.replace(/^torch(\.cuda)? /, ""));
}

type Fail = (expected: string, got: string) => CheckpointError;

function tensorOf(value: PickleValue | undefined, fail: Fail): PickleValue {
  if (value instanceof TorchTensor) return value;
  throw fail("a parameter of a tensor", describePickled(value));
}

function dictOf(items: PickleValue | undefined, fail: Fail): PickleDict {
  const dict = new PickleDict();
  for (const pair of itemsOf(items) ?? []) {
    const [key, value, ...rest] = itemsOf(pair) ?? [];
    if (key === undefined || value === undefined || rest.length > 0) {
      throw fail("pairs of a key and a value", describePickled(pair));
    }
    dict.entries.set(keyOf(key, fail), value);
  }
  return dict;
}

function setOf(items: PickleValue | undefined, fail: Fail): PickleSet {
  const set = new PickleSet();
  for (const item of itemsOf(items) ?? []) set.items.add(keyOf(item, fail));
  return set;
}

function keyOf(value: PickleValue, fail: Fail): PickleKey {
  if (isPickleKey(value)) return value;
  throw fail("a key", describePickled(value));
}

/** The items of a tuple or list. */
export function itemsOf(value: PickleValue | undefined): readonly PickleValue[] | undefined {
  return value instanceof PickleTuple || value instanceof PickleList ? value.items : undefined;
}

function wholes(items: readonly PickleValue[] | undefined): Shape | undefined {
  if (items === undefined || items.length > mostAxes) return undefined;
  const numbers = items.filter(isWhole);
  return numbers.length === items.length ? numbers : undefined;
}

/** A count or an index: products of two of them stay exact enough to be compared. */
function isWhole(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 2 ** 40;
}
