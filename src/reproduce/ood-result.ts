import * as z from "zod";
import { ranges } from "../border/ranges.js";
import { whole } from "../models/config.js";

/** What a reproduction of out-of-distribution detection is, as its folder keeps it. */
export const oodPlanSchema = z.object({
  reproduction: z.literal("figure-ood"),
  /** The command line that began it. */
  command: z.string(),
  /** Folder of the image sets. */
  data: z.string(),
  /** Sets to learn, one after the other. */
  rows: z.array(z.string()).readonly(),
  /** A run whose density is taken in place of trained ones. */
  run: z.string().optional(),
  budgetSeconds: z.number().positive(),
  seed: whole(ranges.place),
  threads: whole(ranges.threads),
  /** Images of each set that are scored, at most. */
  count: whole(ranges.draws),
});

export type OodPlan = Readonly<z.output<typeof oodPlanSchema>>;

/** Scores that are compared, each higher for what is more unusual. */
export const oodScores = {
  complexity: "-log2 p less PNG's bits",
  likelihood: "-log p",
  typicality: "|-log p - H|",
} as const;

export type OodScore = keyof typeof oodScores;

/** The scores in the order of tables and pictures. */
export const oodScoreNames = Object.keys(oodScores) as OodScore[];

const summary = z.object({
  images: z.int(),
  /** Mean −log₂ p(x)/D. */
  bitsPerDim: z.number(),
  /** Mean bits of the PNG, by dimension. */
  pngBitsPerDim: z.number(),
});

/** What came of a set that was learned, as its file keeps it. */
export const oodResultSchema = z.object({
  /** The set that was learned. */
  normal: z.string(),
  /** Where its images came from, in words. */
  source: z.string(),
  /** Steps of its training; null of a run of the user's. */
  steps: z.int().nullable(),
  seconds: z.number(),
  ...summary.shape,
  outliers: z
    .array(
      z.object({
        name: z.string(),
        ...summary.shape,
        /** Areas under the ROC curve, in [0, 1]. */
        auroc: z.object({
          complexity: z.number(),
          likelihood: z.number(),
          typicality: z.number(),
        }),
      }),
    )
    .readonly(),
});

export type OodResult = Readonly<z.output<typeof oodResultSchema>>;
