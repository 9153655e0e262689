import { emaName, emaPrefix, slotName } from "../checkpoint/stored-arrays.js";
import { input, type Tensor } from "../graph/index.js";
import type { Model } from "../models/index.js";
import type { Variable } from "../nn/index.js";
import { sizeOf, type Arrays, type NDArray, type Shape } from "../tree.js";
import type { TrainingConfig } from "./config.js";
import { createOptimizer, type Optimizer } from "./optimizer-registry.js";
import { Packing } from "./packing.js";

/** Name of one of the arrays kept for a parameter. */
type KeptName = (parameter: string) => string;

/** Parameters that the optimizer treats alike, as one. */
export interface Group {
  readonly name: string;
  /** Whether weight decay applies. */
  readonly decay: boolean;
  readonly optimizer: Optimizer;
  readonly packing: Packing;
  /** Names of what is kept for each of them. */
  readonly kept: readonly KeptName[];
}

/** Name of the packed untrained variables in the store. */
export const stateName = "state";

/** How the arrays of a run lie packed in the store while it trains. */
export class Layout {
  /** Of parameters. */
  readonly groups: readonly Group[];
  /** Of untrained variables. */
  readonly state: Packing;

  constructor(model: Model, config: TrainingConfig) {
    const { variables } = model.scope;
    const optimizer = createOptimizer(config.optimizer);
    const isApart = (v: Variable): boolean => optimizer.matrices !== undefined && v.isMatrix;
    const group = (name: string, decay: boolean, matrices = false): Group => {
      const own = (matrices ? optimizer.matrices : undefined) ?? optimizer;
      const members = variables.filter(
        (v) => v.kind === "parameter" && v.decay === decay && isApart(v) === matrices,
      );
      return {
        name,
        decay,
        optimizer: own,
        packing: packingOf(members),
        kept: keptNames(own, config),
      };
    };
    this.groups = [
      group("decayed", true),
      group("undecayed", false),
      group("decayed matrices", true, true),
      group("undecayed matrices", false, true),
    ].filter(({ packing }) => packing.size > 0);
    this.state = packingOf(variables.filter(({ kind }) => kind === "state"));
  }

  /** Shapes of the arrays of a checkpoint, by name. */
  shapes(): Record<string, Shape> {
    const parameters = this.groups.flatMap(({ packing, kept }) =>
      kept.flatMap((nameOf) =>
        packing.shapes.map(([name, shape]) => [nameOf(name), shape] as const),
      ),
    );
    return Object.fromEntries([...parameters, ...this.state.shapes]);
  }

  /** What the store holds for the arrays of a checkpoint. */
  pack(arrays: Arrays): Arrays {
    const packed: Record<string, NDArray> = {};
    for (const { name, packing, kept: names } of this.groups) {
      for (const kept of names) {
        packed[kept(name)] = packing.pack((parameter) => arrays[kept(parameter)]!);
      }
    }
    if (this.state.size > 0) packed[stateName] = this.state.pack((name) => arrays[name]!);
    return packed;
  }

  /** The arrays of a checkpoint, from what the store holds. */
  unpack(packed: Arrays): Arrays {
    const arrays: Record<string, NDArray> = {};
    for (const { name, packing, kept: names } of this.groups) {
      for (const kept of names) {
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

/** What training adds to a fresh model's arrays: slots of 0, averages of the parameters. */
export function withTrainingArrays(model: Model, arrays: Arrays, config: TrainingConfig): Arrays {
  return Object.fromEntries(
    Object.entries(new Layout(model, config).shapes()).map(([name, shape]): [string, NDArray] => {
      const source = name.startsWith(emaPrefix) ? name.slice(emaPrefix.length) : name;
      return [name, arrays[source] ?? { shape, data: new Float32Array(sizeOf(shape)) }];
    }),
  );
}

/** Names of what is kept for a parameter: itself, slots of its optimizer, moving average. */
function keptNames(
  { slots }: Optimizer,
  { ema }: Pick<TrainingConfig, "ema">,
): readonly KeptName[] {
  return [
    (parameter) => parameter,
    ...slots.map(
      (slot): KeptName =>
        (parameter) =>
          slotName(slot, parameter),
    ),
    ...(ema === null ? [] : [emaName]),
  ];
}

function packingOf(variables: readonly Variable[]): Packing {
  return new Packing(variables.map(({ name, tensor: { shape } }) => ({ name, shape })));
}
