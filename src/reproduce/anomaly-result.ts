import * as z from "zod";
import { ranges } from "../border/ranges.js";
import { whole } from "../models/config.js";

/** What a reproduction of anomaly detection is, as its folder keeps it: enough to go on with it. */
export const anomalyPlanSchema = z.object({
  reproduction: z.literal("table-anomaly"),
  /** The command line that began it. */
  command: z.string(),
  /** Folder of the tables. */
  data: z.string(),
  /** Names of those to take; all unless given. */
  rows: z.array(z.string()).readonly().optional(),
  /** Splits of each table. */
  splits: whole(ranges.splits),
  seed: whole(ranges.place),
  /** Most steps of each training; the recipe's unless given. */
  steps: whole(ranges.steps).optional(),
});

export type AnomalyPlan = Readonly<z.output<typeof anomalyPlanSchema>>;

/** Whose scores are compared. */
export const anomalyMethods = {
  score: "i-ResNet and neighbours",
  flow: "i-ResNet alone",
  neighbours: "5 nearest neighbours",
  mahalanobis: "Mahalanobis distance",
} as const;

export type AnomalyMethod = keyof typeof anomalyMethods;

/** The methods in the order of tables and pictures. */
export const methodNames = Object.keys(anomalyMethods) as AnomalyMethod[];

/** What came of a split of a table, as its file keeps it. */
export const splitResultSchema = z.object({
  table: z.string(),
  /** 0 at first. */
  split: z.int().nonnegative(),
  rows: z.int(),
  columns: z.int(),
  outliers: z.int(),
  /** Rows that learned. */
  trained: z.int(),
  /** Areas under the ROC curve, in [0, 1]. */
  auroc: z.object({
    score: z.number(),
    flow: z.number(),
    neighbours: z.number(),
    mahalanobis: z.number(),
  }),
  /** Standard deviation of the noise that the flow was trained with, in those of the columns. */
  noise: z.number(),
  /** Mean log p of held-out rows, in nats, in the table's units. */
  logProb: z.number(),
  /** Whether the flow is a trial's, since the whole training ended less likely. */
  isTrial: z.boolean(),
  /** All that it took. */
  seconds: z.number(),
});

export type SplitResult = Readonly<z.output<typeof splitResultSchema>>;
