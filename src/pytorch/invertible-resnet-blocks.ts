import type { FilterSizes } from "./operator-norm.js";
import { fieldsOf, type Original } from "./originals.js";
import { PickleObject } from "./pickle-values.js";
import { composed, effectiveWeight, type Affine, type EffectiveLayer } from "./residual-arrays.js";
import { itemsOf } from "./torch-globals.js";

/** Added to the divisor of 3x3 filters. */
const epsilon = 1e-5;

/** A block of the file: where its convolutions are, and their channels. */
export interface Block {
  readonly path: string;
  readonly convolutions: readonly [string, string, string];
  readonly channels: number;
  readonly width: number;
}

export function readStages({ state }: Original, isMultiScale: boolean): Block[][] {
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
    const expected = stages.length === 1 && isNew ? block.channels : channels;
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

/** The hook that normalises a convolution. */
export function hookOf(convolution: PickleObject | undefined): PickleObject | undefined {
  if (!convolution) return undefined;
  const hooks = [...fieldsOf(convolution, "_forward_pre_hooks").entries.values()];
  return hooks.find((hook): hook is PickleObject => hook instanceof PickleObject);
}

/** Height and width at which a convolution was normalised. */
export function sizeBefore(
  convolution: PickleObject | undefined,
): readonly [number, number] | undefined {
  const [, , height, width] = itemsOf(hookOf(convolution)?.get("input_dim")) ?? [];
  return typeof height === "number" && typeof width === "number" ? [height, width] : undefined;
}

export function squareOf(area: number): readonly [number, number] {
  const side = Math.round(Math.sqrt(area));
  return [side, side];
}

export function readActNorm(
  { state }: Original,
  { path, channels }: Block,
  before: Affine,
): Affine {
  const scale = `${path}.actnorm._log_scale`;
  if (!state.has(scale)) return before;
  const logScale = state.take(scale, [channels]).data;
  const shift = state.take(`${path}.actnorm._shift`, [channels]).data;
  return composed(before, { logScale: [...logScale], shift: [...shift] });
}

export function readLayer(
  { state, modules }: Original,
  name: string,
  { height, width }: { readonly height: number; readonly width: number },
  c: number,
): { layer: EffectiveLayer; isWider: boolean } {
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
