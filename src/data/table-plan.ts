import { z } from "zod";

const name = z.string();

const columnCodec = z.discriminatedUnion("kind", [
  z.object({
    name,
    kind: z.enum(["number", "boolean", "date"]),
    /** What stands for a missing cell, with a column beside it that says so; none may be missing without. */
    fill: z.number().optional(),
  }),
  z.object({
    name,
    kind: z.literal("category"),
    /** Coded by their places. */
    levels: z.array(z.string()).readonly(),
    /** Whether a missing cell is a level of its own, the last. */
    missing: z.boolean(),
  }),
  z.object({ name, kind: z.literal("omitted"), reason: z.string() }),
]);

export const tablePlanSchema = z.object({
  columns: z.array(columnCodec).readonly(),
  label: z.string().optional(),
});

/** How the cells of a column of a file become numbers; an `omitted` one says nothing that a model takes. */
export type ColumnCodec = Readonly<z.output<typeof columnCodec>>;

/**
 * What was learned of a file's columns, so that other files are read alike. It is plain JSON, kept in
 * checkpoints beside the {@link Preprocessing} of the numbers that it makes.
 */
export type TablePlan = Readonly<z.output<typeof tablePlanSchema>>;

const scale = z.object({ median: z.number(), tail: z.number().positive() });

export const calibrationSchema = z.object({
  surprise: scale,
  distance: scale,
  /** Training rows, one after another, standardised: what the distance is measured to. */
  neighbours: z.array(z.number()).min(1).readonly(),
  /** Outlier scores of held-out rows, from the lowest to the highest. */
  scores: z.array(z.number()).readonly(),
  /** Held-out rows above all of them: their density is 0. */
  beyond: z.int().nonnegative(),
});

/** What held-out rows say of outlier scores: their scales, and how often each is reached. */
export type Calibration = Readonly<z.output<typeof calibrationSchema>>;
