import { expectOneOf } from "../border/options.js";
import {
  ffjord,
  glow,
  iResNetClassifier,
  iResNetDensity,
  iResNetHybrid,
  made,
  maf,
  nice,
  realNvp,
  residualFlow,
  type Model,
  type Task,
} from "../models/index.js";
import type { TrainingOptions } from "../train/index.js";
import type { TableRecipe } from "./recipe.js";

/** What a model is made for. */
export interface ModelSize {
  /** Numbers of a row that it takes. */
  readonly columns: number;
  /** Features of the condition; 0 for none. */
  readonly condition: number;
  /** Classes to tell apart; 0 for none. */
  readonly classes: number;
}

/** A model that can learn a table, with sizes that suit one. */
export interface TableModel {
  readonly task: Task;
  /** Fewest columns that it can take. */
  readonly columns: number;
  readonly make: (size: ModelSize, recipe: TableRecipe) => Model;
  /** The recipe's training, changed to what the model needs. */
  readonly train?: (training: TrainingOptions, size: ModelSize) => TrainingOptions;
}

const widths = [64, 64] as const;

/** The usual schedule with another rate at its height; gradients no longer than the clip. */
const atRate =
  (learningRate: number, clip: number) =>
  (training: TrainingOptions): TrainingOptions => ({
    ...training,
    clip,
    schedule: { kind: "cosine", learningRate, warmup: 20 },
  });

/** Of rows that are standardised. */
const centre = { mean: 0, deviation: 1 } as const;

/** Every model that {@link fitTable} can train, by its name in the registry. */
export const tableModels = {
  "i-resnet-density": {
    task: "density",
    columns: 1,
    make: ({ condition }, { model }) => iResNetDensity({ ...model, condition }),
  },
  "residual-flow": {
    task: "density",
    columns: 1,
    make: ({ columns, condition }) =>
      residualFlow({ shape: [columns], blocks: [8], widths, condition }),
    train: (training) => ({ ...training, clip: 5, logDet: { kind: "roulette" } }),
  },
  nice: {
    task: "density",
    columns: 2,
    make: ({ columns, condition }) =>
      nice({ shape: [columns], couplings: 8, hidden: widths, condition }),
    train: atRate(0.003, 5),
  },
  "real-nvp": {
    task: "density",
    columns: 2,
    make: ({ columns, condition }) =>
      realNvp({ shape: [columns], couplings: [8], widths, condition }),
    train: atRate(0.003, 5),
  },
  glow: {
    task: "density",
    columns: 2,
    make: ({ columns, condition }) => glow({ shape: [columns], steps: [8], widths, condition }),
    train: atRate(0.003, 5),
  },
  made: {
    task: "density",
    columns: 1,
    make: ({ columns, condition }) =>
      made({ shape: [columns], hidden: widths, components: 5, condition }),
    train: atRate(0.005, 5),
  },
  maf: {
    task: "density",
    columns: 2,
    make: ({ columns, condition }) =>
      maf({ shape: [columns], layers: 5, hidden: widths, condition }),
    train: atRate(0.005, 5),
  },
  ffjord: {
    task: "density",
    columns: 1,
    make: ({ columns, condition }) =>
      ffjord({ shape: [columns], widths, activation: "tanh", tolerance: 1e-3, condition }),
    train: (training, { columns }) => ({
      ...atRate(0.01, 5)(training),
      // A step solves an equation: as many as the others take would last an hour.
      steps: Math.ceil(training.steps / 4),
      logDet: columns <= 4 ? { kind: "exact" } : { kind: "series", terms: 1 },
    }),
  },
  "i-resnet-classifier": {
    task: "classification",
    columns: 1,
    make: ({ columns, classes }) =>
      iResNetClassifier({
        shape: [columns],
        classes,
        blocks: [4],
        widths,
        channels: Math.max(16, columns),
        squeezeFirst: false,
        centre,
        c: 0.9,
      }),
    train: (training) => ({
      ...atRate(0.005, 5)(training),
      optimizer: { kind: "adam", weightDecay: 0.01 },
    }),
  },
  "i-resnet-hybrid": {
    task: "hybrid",
    columns: 1,
    make: ({ classes }, { model }) => iResNetHybrid({ ...model, classes }),
  },
} as const satisfies Readonly<Record<string, TableModel>>;

export type TableModelName = keyof typeof tableModels;

/** Names of all models that can learn a table. */
export function tableModelNames(): readonly TableModelName[] {
  return Object.keys(tableModels) as TableModelName[];
}

/** @throws {UsageError} if no model of this name learns tables, with the nearest. */
export function expectTableModel(name: string, where: string): TableModelName {
  return expectOneOf(name, tableModelNames(), `${where}: model`);
}

/** Names of the models of which something holds, for a message. */
export function namesOf(holds: (model: TableModel) => boolean): string {
  return tableModelNames()
    .filter((name) => holds(tableModels[name]))
    .join(", ");
}
