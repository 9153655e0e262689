import { sizeOf } from "../tree.js";
import type { Imported, ImportOptions } from "./import-options.js";
import type { Original } from "./originals.js";
import { boundSentence } from "./residual-arrays.js";
import { ResidualFlowBuilder } from "./residual-flows-builder.js";
import { readLinks, type Link } from "./residual-flows-chain.js";
import { readFacts } from "./residual-flows-facts.js";
import type { StateDict } from "./state-dict.js";

/**
 * `ResidualFlow` of resflows/resflow.py with residual blocks, and the toy model of train_toy.py.
 *
 * Their ActNorm is (x + b)·e^w and stands behind a block, ours is x·e^s + t and stands before one:
 * what stands between two blocks is one affine map per channel. Behind the last block it becomes
 * the base, a Gaussian of mean −t·e^−s and deviation e^−s. Their squeeze puts the four elements of a
 * patch beside each other, channel 4c + q; ours is at q·C + c: channels of weights are reordered.
 *
 * @see https://github.com/rtqichen/residual-flows
 */
export function importResidualFlow(original: Original, options: ImportOptions): Imported {
  const isAveraged = original.averages !== undefined && options.averaged !== false;
  const state = isAveraged ? original.averages : original.state;
  const differences: string[] = [];
  const isImage = [...state.names].some((name) => name.startsWith("transforms."));
  const stages = isImage ? readStages(state) : [readLinks(state, "")];
  const facts = readFacts(original, state, options, { isImage, stages, differences });
  const builder = new ResidualFlowBuilder(state, facts.c, isAveraged);
  if (isImage) builder.images(stages, facts.shape, facts);
  else builder.vectors(stages[0]!, facts.shape);
  const size = sizeOf(facts.shape);
  builder.base(size);
  state.ignore(
    /\.(geom_p|lamb|last_n_samples|last_firmom|last_secmom|scale|initialized|spatial_dims|step)$/,
  );
  state.expectEmpty();

  const { arrays, blocks, widths, dense } = builder;
  const bound = arrays.bound(facts.c);
  differences.push(
    `Weights are those that the original's function uses, W/max(1, σ/c) with c = ${facts.c} and σ from ${isAveraged ? "settled vectors: the parameters are the file's averages, for which the script brings the vectors up to date too" : "the file's vectors"}.`,
    boundSentence(bound, facts.c),
    "The ActNorm behind the last block is part of the base, so that a latent z is the one in front of it.",
    "Probes of the series are ±1 here and normal there, and its tail is drawn anew.",
  );
  if (isImage) {
    differences.push(
      "Channels behind a squeeze are in our order.",
      `log p(x) is over pixels in [0, 256): the original's bits per dimension count that too, its log p(x) over x/256 is larger by ${size}·ln 256.`,
    );
  }
  if (builder.hasIdentity) {
    differences.push(
      "Our first block takes its input bare, the original's passes an activation: a block of zeros, which is the identity, stands before it.",
    );
  }
  const config = {
    shape: facts.shape,
    blocks,
    widths,
    activation: facts.activation,
    c: bound,
    ...(isImage && {
      factorOut: false,
      squeezeFirst: facts.squeezeFirst,
      ...(facts.alpha === undefined
        ? { pixels: "centre" }
        : { pixels: "logit", alpha: facts.alpha }),
      ...(dense && { dense }),
    }),
  };
  return { model: { kind: "residual-flow", config }, arrays: arrays.arrays, differences };
}

function readStages(state: StateDict): ReadonlyMap<number, Link>[] {
  const stages: ReadonlyMap<number, Link>[] = [];
  for (let i = 0; ; i++) {
    const links = readLinks(state, `transforms.${i}.`);
    if (links.size === 0) return stages;
    stages.push(links);
  }
}
