import * as z from "zod";
import { curvePoint, reconstructionSchema } from "../measure/reconstruct.js";
import { estimatorSchema } from "../measure/estimator.js";
import { evaluationSchema } from "../measure/evaluation.js";
import { planeSchema } from "../measure/plane.js";

export const resultSchema = z.object({
  id: z.string(),
  row: z.string(),
  data: z.string(),
  steps: z.int(),
  presetSteps: z.int(),
  /** Null where each example is fresh. */
  epochs: z.number().nullable(),
  trainingSeconds: z.number(),
  /** What the row is here, for comparison with the paper's. */
  settings: z.object({
    size: z.string(),
    training: z.string(),
    /** Of pixels; null of vectors. */
    preprocessing: z.string().nullable(),
  }),
  /** Why there is nothing to measure; null if there is. */
  failure: z.string().nullable(),
  evaluation: evaluationSchema.optional(),
  reconstruction: reconstructionSchema.optional(),
  /** Why the inverse doesn't hold; null if it does. */
  inverseFailure: z.string().nullable().optional(),
  /** Errors of plain fixed-point iteration. */
  inversion: z.array(curvePoint).readonly().optional(),
  estimator: estimatorSchema.optional(),
  plane: planeSchema.optional(),
});

/** What came of a row, as its file keeps it. */
export type RowResult = Readonly<z.output<typeof resultSchema>>;

/** What a reproduction measures of a row. */
export type Measures = Pick<
  RowResult,
  "evaluation" | "reconstruction" | "inverseFailure" | "inversion" | "estimator" | "plane"
>;
