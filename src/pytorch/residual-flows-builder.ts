import type { Shape } from "../tree.js";
import { filterMap, settleNorm } from "./operator-norm.js";
import {
  composed,
  identityAffine,
  ResidualArrays,
  zeroLayer,
  type Affine,
  type EffectiveLayer,
  type Order,
} from "./residual-arrays.js";
import { readLayer, sizeAt, type Block, type Link } from "./residual-flows-chain.js";
import type { StateDict } from "./state-dict.js";

/** Builds our arrays from front to back, with the affine map and the order of channels so far. */
export class ResidualFlowBuilder {
  readonly arrays = new ResidualArrays();
  readonly blocks: number[] = [];
  widths: readonly number[] = [];
  dense: { blocks: number; widths: readonly number[] } | undefined;
  hasIdentity = false;
  readonly #state: StateDict;
  readonly #c: number;
  readonly #isAveraged: boolean;
  #pending: Affine = identityAffine(0);
  #order: Order = [];

  constructor(state: StateDict, c: number, isAveraged: boolean) {
    this.#state = state;
    this.#c = c;
    this.#isAveraged = isAveraged;
  }

  vectors(links: ReadonlyMap<number, Link>, [features = 0]: Shape): void {
    this.#start(features);
    this.blocks.push(0);
    for (const link of links.values()) {
      if (link.kind !== "block") this.#norm(link);
      else this.widths = this.#block(`stages.0.blocks.${this.blocks[0]!}`, link, [1, 1], true);
    }
  }

  images(
    stages: readonly ReadonlyMap<number, Link>[],
    [channels = 0, height = 0, width = 0]: Shape,
    { squeezeFirst, alpha }: { readonly squeezeFirst: boolean; readonly alpha: number | undefined },
  ): void {
    this.#start(channels);
    if (alpha === undefined) {
      // ours is x/256 − ½, theirs x/256
      this.#pending = { ...this.#pending, shift: this.#pending.shift.map(() => 0.5) };
    }
    let place: readonly [number, number] = [height, width];
    const squeeze = (): void => {
      this.#squeeze();
      place = [place[0] / 2, place[1] / 2];
    };
    if (squeezeFirst) squeeze();
    stages.forEach((links, stage) => {
      if (stage > 0) squeeze();
      this.blocks.push(0);
      for (const link of links.values()) {
        if (link.kind !== "block") {
          this.#norm(link);
        } else if (!link.isDense) {
          if (this.dense) throw this.#state.error("dense blocks last", link.path);
          this.#expectSize(link, place);
          const path = `stages.${stage}.blocks.${this.blocks[stage]!}`;
          this.widths = this.#block(path, link, place, stage === 0);
        } else {
          if (stage < stages.length - 1) throw this.#state.error("dense blocks last", link.path);
          if (!this.dense) this.#flatten(place[0] * place[1]);
          const at = this.dense?.blocks ?? 0;
          const widths = this.#block(`dense.blocks.${at}`, link, [1, 1], false);
          this.dense = { blocks: at + 1, widths };
        }
      }
    });
  }

  /** The base, after which nothing is pending. */
  base(size: number): void {
    const repeats = size / this.#pending.shift.length;
    const { logScale, shift } = repeated(this.#pending, repeats);
    this.arrays.set(
      "base.logScale",
      [size],
      logScale.map((s) => -s),
    );
    this.arrays.set(
      "base.mean",
      [size],
      shift.map((t, i) => -t * Math.exp(-logScale[i]!)),
    );
  }

  #start(channels: number): void {
    this.#pending = identityAffine(channels);
    this.#order = Array.from({ length: channels }, (_, i) => i);
  }

  #squeeze(): void {
    const quarters = [0, 1, 2, 3];
    this.#order = quarters.flatMap((q) => this.#order.map((theirs) => 4 * theirs + q));
    const { logScale, shift } = this.#pending;
    this.#pending = {
      logScale: quarters.flatMap(() => logScale),
      shift: quarters.flatMap(() => shift),
    };
  }

  #flatten(area: number): void {
    this.#order = this.#order.flatMap((theirs) =>
      Array.from({ length: area }, (_, i) => theirs * area + i),
    );
    this.#pending = repeated(this.#pending, area);
  }

  #norm({ kind, path }: Exclude<Link, Block>): void {
    const channels = this.#order.length;
    const take = (name: string): number[] => {
      const { data } = this.#state.take(`${path}.${name}`, [channels]);
      return this.#order.map((theirs) => data[theirs]!);
    };
    if (kind === "batch norm") {
      const mean = take("running_mean");
      const bias = this.#state.has(`${path}.bias`) ? take("bias") : mean.map(() => 0);
      const shift = bias.map((b, i) => b - mean[i]!);
      this.#pending = composed(this.#pending, { ...identityAffine(channels), shift });
      return;
    }
    const logScale = take("weight");
    const shift = take("bias").map((b, i) => b * Math.exp(logScale[i]!));
    this.#pending = composed(this.#pending, { logScale, shift });
  }

  /** @returns the sizes of its hidden layers */
  #block(
    path: string,
    block: Block,
    place: readonly [number, number],
    mayBeFirst: boolean,
  ): number[] {
    const isFirst = mayBeFirst && this.blocks.at(-1) === 0 && this.blocks.length === 1;
    const layers = block.layers.map((name) =>
      readLayer(this.#state, name, place, this.#c, (weight, sizes, v, u) =>
        this.#isAveraged ? settleNorm(filterMap(weight, sizes), v) : { u, v },
      ),
    );
    const widths = this.#expectLayers(block, layers);
    if (isFirst && block.isActivated) {
      this.#emit(
        path,
        layers.map(({ sizes, isDense }) => zeroLayer(sizes, isDense ?? false)),
        block,
      );
      block.betas.forEach((beta, k) => {
        if (beta !== undefined && k > 0) this.#beta(path, k, [0.5]);
      });
      this.hasIdentity = true;
      this.#write(path.replace(/\d+$/, "1"), block, layers);
    } else {
      if (!isFirst && !block.isActivated) {
        throw this.#state.error(
          "an activation before every branch but the first",
          `none in ${block.path}`,
        );
      }
      this.#write(path, block, layers);
    }
    return widths;
  }

  #write(path: string, block: Block, layers: readonly EffectiveLayer[]): void {
    this.#emit(path, layers, block);
    block.betas.forEach((beta, i) => {
      if (beta !== undefined) this.#beta(path, i, this.#state.take(beta, [1]).data);
    });
  }

  #beta(path: string, layer: number, values: ArrayLike<number>): void {
    this.arrays.set(`${path}.branch.activation${layer + 1}.lipswish.b`, [], values);
  }

  #emit(path: string, layers: readonly EffectiveLayer[], block: Block): void {
    this.arrays.actNorm(path, this.#pending);
    this.#pending = identityAffine(this.#order.length);
    layers.forEach((layer, i) => {
      const order = this.#order;
      this.arrays.layer(`${path}.branch.${block.isDense ? "linear" : "conv"}${i + 1}`, layer, {
        ...(i === 0 && { columns: order }),
        ...(i === layers.length - 1 && { rows: order }),
      });
    });
    if (!path.startsWith("dense.")) this.blocks[this.blocks.length - 1]!++;
  }

  #expectSize(block: Block, [height, width]: readonly [number, number]): void {
    const [h, w] = sizeAt(this.#state, block);
    if (h !== height || w !== width) {
      throw this.#state.error(`${block.path} at ${height} x ${width}`, `${h} x ${w}`);
    }
  }

  #expectLayers(block: Block, layers: readonly EffectiveLayer[]): number[] {
    const kernels = layers.map(({ sizes }) => sizes.kernel).join("-");
    const features = this.#order.length;
    const [first, last] = [layers[0]!.sizes, layers.at(-1)!.sizes];
    const isRight =
      first.inChannels === features &&
      last.outChannels === features &&
      layers.every(
        ({ sizes }, i) => i === 0 || sizes.inChannels === layers[i - 1]!.sizes.outChannels,
      );
    const hidden = layers.slice(1).map(({ sizes }) => sizes.inChannels);
    if (block.isDense) {
      const known = block.path.startsWith("transforms.")
        ? this.dense?.widths
        : this.blocks[0]! > 0
          ? this.widths
          : undefined;
      if (isRight && (known === undefined || String(known) === String(hidden))) return hidden;
      throw this.#state.error(
        `dense layers of the same sizes in every block`,
        `[${hidden}] in ${block.path}`,
      );
    }
    const [width] = this.widths;
    if (
      !isRight ||
      kernels !== "3-1-3" ||
      hidden[0] !== hidden[1] ||
      (width !== undefined && width !== hidden[0])
    ) {
      throw this.#state.error(
        `filters of 3-1-3 with one number of hidden channels`,
        `${kernels} with [${hidden}] in ${block.path}`,
      );
    }
    return hidden.slice(0, 1);
  }
}

function repeated({ logScale, shift }: Affine, times: number): Affine {
  const each = (values: readonly number[]): number[] =>
    values.flatMap((value) => Array.from({ length: times }, () => value));
  return { logScale: each(logScale), shift: each(shift) };
}
