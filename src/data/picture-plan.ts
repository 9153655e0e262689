import * as z from "zod";

export const picturePlanSchema = z.object({
  /** Where proportions differ: cut off what is too much, or stretch. */
  fit: z.enum(["crop", "stretch"]),
  /** Grey behind transparent pixels, 0 ... 255. */
  background: z.number(),
  /** Outlier scores of held-out pictures, from the lowest to the highest, where they were measured. */
  heldOut: z.array(z.number()).readonly().optional(),
});

/**
 * How files of pictures became pixels, so that other files are read alike; their size and colours
 * are the shape of the data. It is plain JSON, kept in checkpoints.
 */
export type PicturePlan = Readonly<z.output<typeof picturePlanSchema>>;
