import { UsageError } from "../errors.js";
import type { Shape } from "../tree.js";
import type { ImportOptions } from "./import-options.js";
import { hookOf, sizeBefore, squareOf, type Block } from "./invertible-resnet-blocks.js";
import { agreed, fieldsOf, type Original } from "./originals.js";
import { PickleObject, type PickleValue } from "./pickle-values.js";
import type { Affine } from "./residual-arrays.js";

const activations = new Map<string, string>([
  ["ELU", "elu"],
  ["ReLU", "relu"],
  ["Softplus", "softplus"],
]);

/** By the number of classes: CIFAR-10's and CIFAR-100's in units of 1/255, in utils_cifar.py. */
const normalisations = new Map([
  [10, { mean: [0.4914, 0.4822, 0.4465], deviation: [0.2023, 0.1994, 0.201] }],
  [100, { mean: [0.5071, 0.4867, 0.4408], deviation: [0.2675, 0.2565, 0.2761] }],
]);

/** Whether it is a density. */
export function readTask(
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

/** The image, whether it is squeezed first, and channels of zeros that follow. */
export function readShape(
  { state, modules }: Original,
  options: ImportOptions,
  first: Block,
  isDensity: boolean,
): { shape: Shape; squeezeFirst: boolean; padding: number } {
  const root = modules?.get("");
  const [name] = first.convolutions;
  const [height, width] =
    sizeBefore(modules?.get(name)) ??
    squareOf(state.shapeOf(`${name}.weight_v`)[0]! / first.channels);
  let shape: Shape;
  let squeezeFirst: boolean;
  if (root) {
    squeezeFirst = root.get("init_ds") === 2 || hasModule(root, "init_squeeze", "init_ds");
    const padding = Number(root.get("ipad") ?? fieldOf(root, "inj_pad", "pad_size") ?? 0);
    const channels = first.channels - padding;
    shape = squeezeFirst ? [channels / 4, 2 * height, 2 * width] : [channels, height, width];
    agreed("shape", String(shape), options.shape && String(options.shape), "");
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
  const zeros = first.channels - shape[0]! * (squeezeFirst ? 4 : 1);
  if (!(zeros >= 0 && (zeros === 0 || !isDensity))) {
    throw state.error(
      isDensity ? "a density without channels of zeros" : `at least the image's channels`,
      `${first.channels} channels for images of [${shape}]`,
    );
  }
  return { shape, squeezeFirst, padding: zeros };
}

/** Whether a model without the field `unless` has a module of this name. */
function hasModule(root: PickleObject, name: string, unless: string): boolean {
  return (
    root.get(unless) === undefined && fieldsOf(root, "_modules").get(name) instanceof PickleObject
  );
}

function fieldOf(
  root: PickleObject | undefined,
  module: string,
  field: string,
): PickleValue | undefined {
  const child = root && fieldsOf(root, "_modules").get(module);
  return child instanceof PickleObject ? child.get(field) : undefined;
}

export function readActivation(
  { state, modules }: Original,
  { activation }: ImportOptions,
  stages: readonly (readonly Block[])[],
  differences: string[],
): string {
  const [name] = stages[0]![0]!.convolutions;
  const between = modules?.get(name.replace(/\d+$/, (i) => String(Number(i) + 1)));
  if (!between) {
    if (activation === undefined)
      differences.push('The activation is taken to be "elu", the script\'s default.');
    return activation ?? "elu";
  }
  const found = activations.get(between.className.split(" ").at(-1)!);
  if (!found) {
    throw state.error(
      "an activation of ELU, ReLU or softplus (sorting pairs neighbouring channels there, halves here)",
      between.className,
    );
  }
  return agreed("activation", found, activation, "elu");
}

export function readBound(
  { modules }: Original,
  { c }: ImportOptions,
  first: Block,
  differences: string[],
): number {
  const known = hookOf(modules?.get(first.convolutions[0]))?.get("coeff");
  if (known === undefined && c === undefined) {
    differences.push("The bound c is taken to be 0.9, the script's default.");
  }
  return agreed("c", known, c, 0.9);
}

export function readNormalisation(
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
export function normalisation(
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
