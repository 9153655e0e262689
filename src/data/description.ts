import * as z from "zod";
import type { DataSet } from "./data-set.js";
import { picturePlanSchema } from "./picture-plan.js";
import { preprocessingSchema } from "./preprocessing.js";
import { calibrationSchema, tablePlanSchema } from "./table-plan.js";

export const dataDescriptionSchema = z.object({
  name: z.string(),
  shape: z.array(z.int().positive()).readonly(),
  pixels: z.boolean(),
  classes: z.array(z.string()).readonly(),
  condition: z.int().nonnegative(),
  preprocessing: preprocessingSchema.optional(),
  /** How cells of a file become numbers, where the data came from one. */
  table: tablePlanSchema.optional(),
  /** How files became pixels, where the data are pictures. */
  pictures: picturePlanSchema.optional(),
  /** The calibration of outlier scores by held-out rows, where it was measured. */
  calibration: calibrationSchema.optional(),
});

/** The description of a model's data that a checkpoint keeps: a {@link DataSet} but for its rows. */
export type DataDescription = z.output<typeof dataDescriptionSchema>;

/** A data set without its rows, as plain JSON. */
export function describeData(data: DataSet): DataDescription {
  return dataDescriptionSchema.parse(data);
}
