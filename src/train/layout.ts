import { input, type Tensor } from "../graph/index.js";
import type { Model } from "../models/index.js";
import type { Variable } from "../nn/index.js";
import type { Arrays, NDArray } from "../tree.js";
import type { TrainingConfig } from "./config.js";
import { Packing } from "./packing.js";
import { keptNames, type KeptName } from "./kept-arrays.js";

/** Parameters that the optimizer treats alike, as one. */
export interface Group {
  readonly name: string;
  /** Whether weight decay applies. */
  readonly decay: boolean;
  readonly packing: Packing;
}

/** Name of the packed untrained variables in the store. */
export const stateName = "state";

/** How the arrays of a run lie packed in the store while it trains. */
export class Layout {
  /** Of parameters. */
  readonly groups: readonly Group[];
  /** Of untrained variables. */
  readonly state: Packing;
  readonly #kept: readonly KeptName[];

  constructor(model: Model, config: TrainingConfig) {
    const { variables } = model.scope;
    const group = (name: string, decay: boolean): Group => ({
      name,
      decay,
      packing: packingOf(variables.filter((v) => v.kind === "parameter" && v.decay === decay)),
    });
    this.groups = [group("decayed", true), group("undecayed", false)].filter(
      ({ packing }) => packing.size > 0,
    );
    this.state = packingOf(variables.filter(({ kind }) => kind === "state"));
    this.#kept = keptNames(config);
  }

  /** What the store holds for the arrays of a checkpoint. */
  pack(arrays: Arrays): Arrays {
    const packed: Record<string, NDArray> = {};
    for (const { name, packing } of this.groups) {
      for (const kept of this.#kept) {
        packed[kept(name)] = packing.pack((parameter) => arrays[kept(parameter)]!);
      }
    }
    if (this.state.size > 0) packed[stateName] = this.state.pack((name) => arrays[name]!);
    return packed;
  }

  /** The arrays of a checkpoint, from what the store holds. */
  unpack(packed: Arrays): Arrays {
    const arrays: Record<string, NDArray> = {};
    for (const { name, packing } of this.groups) {
      for (const kept of this.#kept) {
        for (const [parameter, array] of packing.unpack(packed[kept(name)]!)) {
          arrays[kept(parameter)] = array;
        }
      }
    }
    return this.state.size > 0
      ? { ...arrays, ...Object.fromEntries(this.state.unpack(packed[stateName]!)) }
      : arrays;
  }

  /** The part of the store that each variable is, by name. */
  variables(): Record<string, Tensor> {
    const parts = this.groups.flatMap(({ name, packing }) =>
      packing.unpackTensor(input(name, [packing.size])),
    );
    if (this.state.size > 0) {
      parts.push(...this.state.unpackTensor(input(stateName, [this.state.size])));
    }
    return Object.fromEntries(parts);
  }
}

function packingOf(variables: readonly Variable[]): Packing {
  return new Packing(variables.map(({ name, tensor: { shape } }) => ({ name, shape })));
}
