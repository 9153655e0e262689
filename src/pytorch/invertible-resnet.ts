import { sizeOf, type Shape } from "../tree.js";
import type { Imported, ImportOptions } from "./import-options.js";
import { readActNorm, readLayer, readStages } from "./invertible-resnet-blocks.js";
import {
  normalisation,
  readActivation,
  readBound,
  readNormalisation,
  readShape,
  readTask,
} from "./invertible-resnet-facts.js";
import type { Original } from "./originals.js";
import { boundSentence, identityAffine, ResidualArrays } from "./residual-arrays.js";

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
  const first = stages[0]?.[0];
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
  readonly activation: string;
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
