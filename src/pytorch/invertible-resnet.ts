import { UsageError } from "../errors.js";
import type { ActivationName } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import type { Imported, ImportOptions } from "./import-options.js";
import type { FilterSizes } from "./operator-norm.js";
import { fieldsOf, type Original } from "./originals.js";
import { PickleObject, type PickleValue } from "./pickle-values.js";
import {
  boundSentence,
  effectiveWeight,
  identityAffine,
  ResidualArrays,
  type Affine,
} from "./residual-arrays.js";
import { itemsOf } from "./torch-globals.js";

/** Added to the divisor of 3x3 filters. */
const epsilon = 1e-5;

const activations: Readonly<Record<string, ActivationName>> = {
  ELU: "elu",
  ReLU: "relu",
  Softplus: "softplus",
};

/** By the number of classes: CIFAR-10's and CIFAR-100's in units of 1/255, in utils_cifar.py. */
const normalisations = new Map([
  [10, { mean: [0.4914, 0.4822, 0.4465], deviation: [0.2023, 0.1994, 0.201] }],
  [100, { mean: [0.5071, 0.4867, 0.4408], deviation: [0.2675, 0.2565, 0.2761] }],
]);

/** A block of the file: where its convolutions are, and their channels. */
interface Block {
  readonly path: string;
  readonly convolutions: readonly [string, string, string];
  readonly channels: number;
  readonly width: number;
}

/**
 * `conv_iResNet` and `multiscale_conv_iResNet` of models/conv_iResNet.py, for images.
 *
 * A block of theirs is an ActNorm x·e^s + t and a branch of 3x3, 1x1 and 3x3 convolutions, as ours
 * is, and squeezes order channels as ours do. Weights are what the original's function uses.
 *
 * @see https://github.com/jhjacobsen/invertible-resnet
 */
export function importInvertibleResNet(original: Original, options: ImportOptions): Imported {
  const { state, modules } = original;
  const differences: string[] = [];
  const isMultiScale = state.has("stack.0.stack.0.bottleneck_block.0.bias");
  const isDensity = readTask(original, options, isMultiScale);
  const stages = readStages(original, isMultiScale);
  const [first] = stages[0]!;
  if (!first) throw state.error("blocks of convolutions", "none");
  const { shape, squeezeFirst, padding } = readShape(original, options, first, isDensity);
  if (!modules) {
    differences.push(
      `The file holds numbers alone: images are taken to be [${shape}], and everything else as the script's defaults or the options say.`,
    );
  }
  const activation = readActivation(original, options, stages, differences);
  const c = readBound(original, options, first, differences);

  const arrays = new ResidualArrays();
  const start = isDensity
    ? identityAffine(first.channels)
    : normalisation(
        shape,
        squeezeFirst,
        first.channels,
        readNormalisation(original, options, differences),
      );
  let strided = 0;
  let [height, width] = squeezeFirst ? [shape[1]! / 2, shape[2]! / 2] : [shape[1]!, shape[2]!];
  stages.forEach((blocks, stage) => {
    if (stage > 0) [height, width] = [height / 2, width / 2];
    blocks.forEach((block, i) => {
      const path = `stages.${stage}.blocks.${i}`;
      const before = stage === 0 && i === 0 ? start : identityAffine(block.channels);
      arrays.actNorm(path, readActNorm(original, block, before));
      block.convolutions.forEach((name, k) => {
        const { layer, isWider } = readLayer(original, name, { height, width }, c);
        if (isWider) strided++;
        arrays.layer(`${path}.branch.conv${k + 1}`, layer);
      });
    });
  });
  const bound = arrays.bound(c);
  differences.push(
    `Weights are those that the original's function uses, W/(max(1, σ/c) + 10⁻⁵) of 3x3 and W/max(1, σ/c) of 1x1 filters with σ from the file's vectors and c = ${c}.`,
    boundSentence(bound, c),
  );
  if (strided > 0) {
    differences.push(
      `The original takes the norms of ${strided} filters behind a squeeze at twice their height and width; ours are at the true size, with vectors of that size.`,
    );
  }
  const config = { shape, blocks: stages.map((blocks) => blocks.length), activation, c: bound };
  const widths = stages.map((blocks) => blocks[0]!.width);
  const model = isDensity
    ? densityOf(original, arrays, { ...config, squeezeFirst, isMultiScale, widths }, differences)
    : classifierOf(
        original,
        arrays,
        {
          ...config,
          squeezeFirst,
          widths,
          channels: sizeOf(shape.slice(0, 1)) * (squeezeFirst ? 4 : 1) + padding,
        },
        differences,
      );
  state.ignore(/\.weight_sigma$|\.num_batches_tracked$/);
  // a density has a head it doesn't use, and a classifier a prior
  state.ignore(isDensity ? /^(bn1|logits)\./ : /^prior_/);
  state.expectEmpty();
  return { model, arrays: arrays.arrays, differences };
}

interface Sizes {
  readonly shape: Shape;
  readonly blocks: readonly number[];
  readonly activation: ActivationName;
  readonly c: number | null;
  readonly squeezeFirst: boolean;
  readonly widths: readonly number[];
}

function densityOf(
  { state }: Original,
  arrays: ResidualArrays,
  { isMultiScale, squeezeFirst, widths, ...config }: Sizes & { readonly isMultiScale: boolean },
  differences: string[],
): Imported["model"] {
  const [width] = widths;
  if (widths.some((other) => other !== width)) {
    throw state.error(
      "the same hidden channels at every scale of a density, as our configuration has one width",
      `[${widths}]`,
    );
  }
  const size = sizeOf(config.shape);
  arrays.set("base.mean", [size], state.take("prior_mu", [size]).data);
  arrays.set("base.logScale", [size], state.take("prior_logstd", [size]).data);
  differences.push(
    `log p(x) is over pixels in [0, 256): the original's, over x/256 − ½, is larger by ${size}·ln 256.`,
    "Probes of the series are ±1 here and normal there.",
  );
  const common = { ...config, widths: [width!], pixels: "centre" };
  return isMultiScale && squeezeFirst
    ? { kind: "i-resnet-density", config: common }
    : { kind: "residual-flow", config: { ...common, squeezeFirst, factorOut: isMultiScale } };
}

function classifierOf(
  { state }: Original,
  arrays: ResidualArrays,
  config: Sizes & { readonly channels: number },
  differences: string[],
): Imported["model"] {
  const [classes, features] = state.shapeOf("logits.weight");
  if (classes === undefined || features === undefined) {
    throw state.error("logits.weight of two axes", `[${state.shapeOf("logits.weight")}]`);
  }
  const names = { weight: "scale", bias: "shift", running_mean: "mean", running_var: "variance" };
  for (const [theirs, ours] of Object.entries(names)) {
    arrays.set(`head.norm.${ours}`, [features], state.take(`bn1.${theirs}`, [features]).data);
  }
  const { data } = state.take("logits.weight");
  arrays.set("head.linear.weight", [classes, features], data);
  arrays.set("head.linear.bias", [classes], state.take("logits.bias", [classes]).data);
  differences.push(
    "Normalisation of each channel is part of the first ActNorm, so x is in pixels 0…255.",
    "If training goes on, running statistics of the head move by a tenth a step; the original's by nine tenths.",
  );
  return {
    kind: "i-resnet-classifier",
    config: { ...config, classes, centre: { mean: 0, deviation: 255 } },
  };
}

/** Whether it is a density. */
function readTask(
  { state, modules }: Original,
  { task }: ImportOptions,
  isMultiScale: boolean,
): boolean {
  const known = modules?.get("")?.get("density_estimation");
  const isDensity =
    typeof known === "boolean"
      ? known
      : task === "density" || isMultiScale || !state.has("logits.weight");
  if (task !== undefined && isDensity !== (task === "density")) {
    throw state.error(`a model for ${task}`, isDensity ? "a density" : "a classifier");
  }
  if (isMultiScale && !isDensity) {
    throw state.error("one scale in a classifier", "several, which our classifier hasn't got");
  }
  return isDensity;
}

function readStages({ state }: Original, isMultiScale: boolean): Block[][] {
  const stages: Block[][] = [];
  const blockAt = (path: string): Block | undefined => {
    const at = [0, 1].find((i) => state.has(`${path}.bottleneck_block.${i}.weight_orig`));
    if (at === undefined) return undefined;
    const name = (i: number): string => `${path}.bottleneck_block.${at + 2 * i}`;
    const [width, channels] = state.shapeOf(`${name(0)}.weight_orig`);
    return {
      path,
      convolutions: [name(0), name(1), name(2)],
      channels: channels ?? 0,
      width: width ?? 0,
    };
  };
  const expectActivated = (block: Block): void => {
    const isBare = block.convolutions[0].endsWith(".0");
    const isFirst = stages.length === 1 && stages[0]!.length === 1;
    if (isBare !== isFirst) {
      throw state.error(`an activation before every branch but the first`, `none in ${block.path}`);
    }
  };
  let channels = 0;
  const add = (block: Block, isNew: boolean): void => {
    if (isNew) stages.push([]);
    const expected = stages.length === 1 && isNew ? block.channels : isNew ? channels : channels;
    if (block.channels !== expected || block.width !== (stages.at(-1)![0] ?? block).width) {
      throw state.error(
        `${expected} channels and one width in the stage of ${block.path}`,
        `${block.channels} and ${block.width}`,
      );
    }
    stages.at(-1)!.push(block);
    expectActivated(block);
    channels = block.channels;
  };
  if (isMultiScale) {
    for (let scale = 0; ; scale++) {
      let block = blockAt(`stack.${scale}.stack.0`);
      if (!block) break;
      // half the channels go on, and a squeeze makes four of each
      if (scale > 0) channels *= 2;
      for (let i = 0; block; block = blockAt(`stack.${scale}.stack.${++i}`)) add(block, i === 0);
    }
    return stages;
  }
  for (let i = 0; ; i++) {
    const block = blockAt(`stack.${i}`);
    if (!block) return stages;
    const isNew = i === 0 || block.channels === 4 * channels;
    if (i > 0 && isNew) channels *= 4;
    add(block, isNew);
  }
}

/** The image, whether it is squeezed first, and channels of zeros that follow. */
function readShape(
  { state, modules }: Original,
  options: ImportOptions,
  first: Block,
  isDensity: boolean,
): { shape: Shape; squeezeFirst: boolean; padding: number } {
  const root = modules?.get("");
  const [height, width] =
    sizeBefore(modules?.get(first.convolutions[0])) ??
    squareOf(state.shapeOf(`${first.convolutions[0]}.weight_v`)[0]! / first.channels);
  const padding = Number(root?.get("ipad") ?? fieldOf(root, "inj_pad", "pad_size") ?? 0);
  const known =
    root &&
    (root.get("init_ds") ??
      (fieldsOf(root, "_modules").get("init_squeeze") instanceof PickleObject ? 2 : 1));
  const isSquare = (n: number): Shape => [(first.channels - padding) / n, height, width];
  let squeezeFirst: boolean;
  let shape: Shape;
  if (known !== undefined) {
    squeezeFirst = known === 2;
    const [channels] = isSquare(squeezeFirst ? 4 : 1);
    shape = squeezeFirst ? [channels!, 2 * height, 2 * width] : [channels!, height, width];
  } else {
    shape = options.shape ?? [3, 32, 32];
    squeezeFirst = shape[1] === 2 * height && shape[2] === 2 * width;
    if (!squeezeFirst && !(shape[1] === height && shape[2] === width)) {
      throw state.error(
        `images of [C, ${height}, ${width}] or twice their size, by the option "shape"`,
        `[${shape}]`,
      );
    }
  }
  if (options.shape && String(options.shape) !== String(shape)) {
    throw new UsageError(
      `importPyTorch: expected shape [${shape}], which the file says, got [${options.shape}]; leave the option out`,
    );
  }
  const zeros = first.channels - shape[0]! * (squeezeFirst ? 4 : 1);
  if (!(zeros >= 0 && (zeros === 0 || !isDensity))) {
    throw state.error(
      isDensity ? "a density without channels of zeros" : `at least the image's channels`,
      `${first.channels} channels for images of [${shape}]`,
    );
  }
  return { shape, squeezeFirst, padding: zeros };
}

function fieldOf(
  root: PickleObject | undefined,
  module: string,
  field: string,
): PickleValue | undefined {
  const child = root && fieldsOf(root, "_modules").get(module);
  return child instanceof PickleObject ? child.get(field) : undefined;
}

/** The hook that normalises a convolution. */
function hookOf(convolution: PickleObject | undefined): PickleObject | undefined {
  if (!convolution) return undefined;
  const hooks = [...fieldsOf(convolution, "_forward_pre_hooks").entries.values()];
  return hooks.find((hook): hook is PickleObject => hook instanceof PickleObject);
}

/** Height and width at which a convolution was normalised. */
function sizeBefore(convolution: PickleObject | undefined): readonly [number, number] | undefined {
  const [, , height, width] = itemsOf(hookOf(convolution)?.get("input_dim")) ?? [];
  return typeof height === "number" && typeof width === "number" ? [height, width] : undefined;
}

function squareOf(area: number): readonly [number, number] {
  const side = Math.round(Math.sqrt(area));
  return [side, side];
}

function readActivation(
  { state, modules }: Original,
  { activation }: ImportOptions,
  stages: readonly (readonly Block[])[],
  differences: string[],
): ActivationName {
  const [name] = stages[0]![0]!.convolutions;
  const between = modules?.get(name.replace(/\d+$/, (i) => String(Number(i) + 1)));
  if (!between) {
    if (activation === undefined)
      differences.push('The activation is taken to be "elu", the script\'s default.');
    return activation ?? "elu";
  }
  const found = activations[between.className.split(" ").at(-1)!];
  if (!found) {
    throw state.error(
      "an activation of ELU, ReLU or softplus (sorting pairs neighbouring channels there, halves here)",
      between.className,
    );
  }
  if (activation !== undefined && activation !== found) {
    throw new UsageError(
      `importPyTorch: expected activation "${found}", which the file says, got "${activation}"; leave the option out`,
    );
  }
  return found;
}

function readBound(
  { modules }: Original,
  { c }: ImportOptions,
  first: Block,
  differences: string[],
): number {
  const known = hookOf(modules?.get(first.convolutions[0]))?.get("coeff");
  if (typeof known === "number") {
    if (c === undefined || c === known) return known;
    throw new UsageError(
      `importPyTorch: expected c = ${known}, which the file says, got ${c}; leave the option out`,
    );
  }
  if (c === undefined) differences.push("The bound c is taken to be 0.9, the script's default.");
  return c ?? 0.9;
}

function readNormalisation(
  { state }: Original,
  { normalisation: given }: ImportOptions,
  differences: string[],
): { readonly mean: readonly number[]; readonly deviation: readonly number[] } {
  if (given) return given;
  const classes = state.shapeOf("logits.weight")[0]!;
  const found = normalisations.get(classes);
  if (!found) {
    throw state.error('the option "normalisation", which the file doesn\'t hold', "none");
  }
  differences.push(
    `Images are taken to be normalised as CIFAR-${classes} is in the script, by the means ${found.mean.join(", ")} and deviations ${found.deviation.join(", ")}.`,
  );
  return found;
}

/** Of pixels over 255, squeezed if they are; channels of zeros stay. */
function normalisation(
  [channels = 0]: Shape,
  squeezeFirst: boolean,
  padded: number,
  { mean, deviation }: { readonly mean: readonly number[]; readonly deviation: readonly number[] },
): Affine {
  if (mean.length !== channels || deviation.length !== channels || !deviation.every((d) => d > 0)) {
    throw new UsageError(
      `importPyTorch: expected a mean and a positive deviation for each of ${channels} channels, got [${mean}] and [${deviation}]`,
    );
  }
  const data = channels * (squeezeFirst ? 4 : 1);
  const all = Array.from({ length: padded }, (_, i) => (i < data ? i % channels : undefined));
  return {
    logScale: all.map((i) => (i === undefined ? 0 : -Math.log(deviation[i]!))),
    shift: all.map((i) => (i === undefined ? 0 : -mean[i]! / deviation[i]!)),
  };
}

function readActNorm({ state }: Original, { path, channels }: Block, before: Affine): Affine {
  const scale = `${path}.actnorm._log_scale`;
  if (!state.has(scale)) return before;
  const logScale = state.take(scale, [channels]).data;
  const shift = state.take(`${path}.actnorm._shift`, [channels]).data;
  return {
    logScale: before.logScale.map((value, i) => value + logScale[i]!),
    shift: before.shift.map((value, i) => value * Math.exp(logScale[i]!) + shift[i]!),
  };
}

function readLayer(
  { state, modules }: Original,
  name: string,
  { height, width }: { readonly height: number; readonly width: number },
  c: number,
): { layer: Parameters<ResidualArrays["layer"]>[1]; isWider: boolean } {
  const { shape, data } = state.take(`${name}.weight_orig`);
  const [outChannels = 0, inChannels = 0, kernel = 0] = shape;
  if (shape.length !== 4 || shape[3] !== kernel || (kernel !== 1 && kernel !== 3)) {
    throw state.error(`${name} to be a 3x3 or 1x1 filter`, `shape [${shape}]`);
  }
  const u = state.take(`${name}.weight_u`).data;
  const v = state.take(`${name}.weight_v`).data;
  const bias = state.take(`${name}.bias`, [outChannels]).data;
  const [h, w] =
    kernel === 1 ? [1, 1] : (sizeBefore(modules?.get(name)) ?? squareOf(v.length / inChannels));
  if (v.length !== inChannels * h * w || u.length !== outChannels * h * w) {
    throw state.error(
      `vectors of ${name} for ${h} x ${w} places`,
      `${v.length} and ${u.length} numbers`,
    );
  }
  const sizes: FilterSizes = { inChannels, outChannels, kernel, height: h, width: w };
  const weight = effectiveWeight(data, sizes, { u, v }, { c, epsilon: kernel === 1 ? 0 : epsilon });
  const isSame = kernel === 1 || (h === height && w === width);
  return {
    layer: { sizes: { ...sizes, height, width }, weight, bias, ...(isSame && { v }) },
    isWider: !isSame,
  };
}
