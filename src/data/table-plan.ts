import * as z from "zod";

const name = z.string();

/** Rows that were left out of training since this column's cell was empty; none unless given. */
const refused = z.int().positive().optional();

const category = z.object({
  name,
  kind: z.literal("category"),
  /** Coded by their places. */
  levels: z.array(z.string()).readonly(),
  /** Whether a missing cell is a level of its own, the last. */
  missing: z.boolean(),
  /** What its cells are read as, if they aren't texts: the levels are what these are written as. */
  cells: z.enum(["number", "boolean", "date"]).optional(),
  /** Whether it becomes a number for each level, 1 at the cell's own and else 0, and not its code. */
  oneHot: z.boolean().optional(),
  refused,
});

const columnCodec = z.discriminatedUnion("kind", [
  z.object({
    name,
    kind: z.enum(["number", "boolean", "date"]),
    /** What stands for a missing cell, with a column beside it that says so; none may be missing without. */
    fill: z.number().optional(),
    /** Whether a date has no time of day. */
    isDay: z.boolean().optional(),
    refused,
  }),
  category,
  z.object({ name, kind: z.literal("omitted"), reason: z.string() }),
]);

export const tablePlanSchema = z.object({
  /** Those of x. */
  columns: z.array(columnCodec).readonly(),
  /** Those that x is conditioned on. */
  condition: z.array(columnCodec).readonly().default([]),
  /** That of the classes, whose names are its levels. */
  label: category.optional(),
});

/** How the cells of a column of a file become numbers; an `omitted` one says nothing that a model takes. */
export type ColumnCodec = Readonly<z.output<typeof columnCodec>>;

/** How the cells of a column are one of a few levels. */
export type CategoryCodec = Readonly<z.output<typeof category>>;

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
  /** Outlier scores of the held-out rows that calibrate, from the lowest to the highest. */
  scores: z.array(z.number()).readonly(),
  /** Rows that calibrate above all of them: their density is 0. */
  beyond: z.int().nonnegative(),
});

/** What held-out rows say of outlier scores: their scales, and how often each is reached. */
export type Calibration = Readonly<z.output<typeof calibrationSchema>>;
