import type { EffectiveLayer } from "./residual-arrays.js";
import { effectiveWeight } from "./residual-arrays.js";
import type { FilterSizes } from "./operator-norm.js";
import type { StateDict } from "./state-dict.js";

/** A residual block of the file. */
export interface Block {
  readonly kind: "block";
  readonly path: string;
  /** Whether it takes events as vectors. */
  readonly isDense: boolean;
  /** Whether its input passes an activation. */
  readonly isActivated: boolean;
  /** Names of its layers. */
  readonly layers: readonly string[];
  /** Names of the LipSwish parameters before each layer; none for another activation. */
  readonly betas: readonly (string | undefined)[];
}

/** A link of a `SequentialFlow`; one without tensors is a squeeze or the logit. */
export type Link =
  | Block
  | { readonly kind: "act norm"; readonly path: string; readonly isDense: boolean }
  | { readonly kind: "batch norm"; readonly path: string };

/** The links that hold tensors, by their places in the chain at `path`. */
export function readLinks(state: StateDict, path: string): ReadonlyMap<number, Link> {
  const places = new Map<number, string[]>();
  const prefix = `${path}chain.`;
  for (const name of state.names) {
    const [, place, rest] = name.startsWith(prefix)
      ? (/^(\d{1,6})\.(.*)$/.exec(name.slice(prefix.length)) ?? [])
      : [];
    if (place === undefined) continue;
    const rests = places.get(Number(place)) ?? [];
    places.set(Number(place), [...rests, rest!]);
  }
  const sorted = [...places].sort(([a], [b]) => a - b);
  return new Map(
    sorted.map(([place, rests]) => [place, linkOf(state, `${prefix}${place}`, rests)]),
  );
}

function linkOf(state: StateDict, path: string, names: readonly string[]): Link {
  if (names.includes("initialized") && names.includes("weight")) {
    return { kind: "act norm", path, isDense: true };
  }
  if (names.includes("fc_module.initialized")) {
    return { kind: "act norm", path: `${path}.fc_module`, isDense: true };
  }
  if (names.includes("running_mean")) return { kind: "batch norm", path };
  const inner = names.some((name) => name.startsWith("nnet.nnet.")) ? "nnet.nnet" : "nnet";
  const pattern = new RegExp(`^${inner.replaceAll(".", "\\.")}\\.(\\d{1,6})\\.u$`);
  const at = names
    .map((name) => pattern.exec(name)?.[1])
    .filter((place) => place !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
  const [first] = at;
  if (first === undefined || at.some((place, i) => place !== first + 2 * i) || first > 1) {
    throw state.error(
      `${path} to be a residual block with spectral norms, an ActNorm or a batch norm`,
      names.slice(0, 4).join(", "),
    );
  }
  const layers = at.map((place) => `${path}.${inner}.${place}`);
  return {
    kind: "block",
    path,
    isDense: state.shapeOf(`${layers[0]!}.weight`).length === 2,
    isActivated: first === 1,
    layers,
    betas: at.map((place) => {
      const beta = `${path}.${inner}.${place - 1}.beta`;
      return state.has(beta) ? beta : undefined;
    }),
  };
}

/** Height and width at which a convolution is applied: of 1x1 filters the file doesn't say. */
export function sizeAt(state: StateDict, block: Block): readonly [number, number] {
  const [height = 0, width = 0] = state.take(`${block.layers[0]!}.spatial_dims`, [2]).data;
  return [height, width];
}

/**
 * A layer with the weight that the original's function uses, W/max(1, σ/c).
 * @param place height and width at which it is applied
 * @param vectorsOf the vectors of its norm, from the file's v and u or settled from them
 */
export function readLayer(
  state: StateDict,
  name: string,
  place: readonly [number, number],
  c: number,
  vectorsOf: (
    weight: Float64Array,
    sizes: FilterSizes,
    v: Float64Array,
    u: Float64Array,
  ) => {
    readonly u: Float64Array;
    readonly v: Float64Array;
  },
): EffectiveLayer {
  const [height, width] = place;
  const { shape, data } = state.take(`${name}.weight`);
  const [outChannels = 0, inChannels = 0, kernel = 1, other = kernel] = shape;
  if (kernel !== other || kernel % 2 === 0) {
    throw state.error(`${name} with a square filter of odd size`, `shape [${shape}]`);
  }
  const sizes: FilterSizes = { inChannels, outChannels, kernel, height, width };
  const area = kernel === 1 ? 1 : height * width;
  const u = state.take(`${name}.u`, [outChannels * area]).data;
  const v = state.take(`${name}.v`, [inChannels * area]).data;
  const bias = state.take(`${name}.bias`, [outChannels]).data;
  const weight = effectiveWeight(data, sizes, vectorsOf(data, sizes, v, u), { c });
  return { sizes, isDense: shape.length === 2, weight, bias, v };
}
