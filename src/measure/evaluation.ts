import * as z from "zod";
import { jsonNumber } from "./json-number.js";

const figures = {
  errors: z.int(),
  errorPercent: z.number(),
  /** Mean of −log p(label), in nats. */
  nll: jsonNumber,
};

const classification = z.object({
  examples: z.int(),
  ...figures,
  /** Of the error in %. */
  errorStandardError: z.number().optional(),
  nllStandardError: jsonNumber.optional(),
  /** How often class i (a row) was told to be class j (a column), up to 100 classes. */
  confusion: z
    .object({
      classes: z.array(z.string()).readonly(),
      counts: z.array(z.array(z.int()).readonly()).readonly(),
    })
    .optional(),
  /** Whether classes are right as often as their probability says. */
  calibration: z
    .object({
      /** Mean distance of the two, over all examples. */
      error: z.number(),
      /** Bins of the probability of the class that is told, a tenth wide; those with examples. */
      bins: z
        .array(
          z.object({
            examples: z.int(),
            /** Mean probability of the class that is told. */
            probability: z.number(),
            /** Share for which it is right. */
            right: z.number(),
          }),
        )
        .readonly(),
    })
    .optional(),
});

const classifierEvaluation = classification.extend({
  task: z.literal("classification"),
  split: z.string(),
  /** By that many views of each image, where that was asked for. */
  augmented: z.object({ views: z.int(), ...figures }).optional(),
});

const densityEvaluation = z.object({
  task: z.literal("density"),
  split: z.string(),
  examples: z.int(),
  /** Mean of −log p(x). */
  value: jsonNumber,
  /** The unit: bits per dimension for pixels, nats per example for other data. */
  unit: z.enum(["bits/dim", "nats"]),
  dimensions: z.int(),
  /** The standard error of the mean over the examples. */
  standardError: jsonNumber,
  /** Standard deviation of the mean over repetitions with other probes and dequantisation. */
  probeSpread: z.number().nullable(),
  /** Most that truncating the series changes; null if no bound holds. */
  biasBound: z.number().nullable(),
  /** Whether log p(x) is a lower bound, as that of whole numbers with noise added is. */
  isBound: z.boolean(),
  logDet: z.enum(["closed form", "exact", "Hutchinson probe", "series"]),
  /** The terms of the series; null if there is none. */
  terms: z.int().nullable(),
  probes: z.int(),
});

const hybridEvaluation = z.object({
  task: z.literal("hybrid"),
  split: z.string(),
  examples: z.int(),
  /** Mean of what training minimises, in nats. */
  objective: jsonNumber,
  classification: classifierEvaluation,
  density: densityEvaluation,
});

/** What a file of an evaluation holds. */
export const evaluationSchema = z.discriminatedUnion("task", [
  classifierEvaluation,
  densityEvaluation,
  hybridEvaluation,
]);

/** How well a classifier tells the classes of examples. */
export type Classification = Readonly<z.output<typeof classification>>;
export type ClassifierEvaluation = Readonly<z.output<typeof classifierEvaluation>>;
export type DensityEvaluation = Readonly<z.output<typeof densityEvaluation>>;
export type HybridEvaluation = Readonly<z.output<typeof hybridEvaluation>>;
export type Evaluation = ClassifierEvaluation | DensityEvaluation | HybridEvaluation;
