import * as z from "zod";

/** A measured number in a file of results: JSON has null for what is not a number. */
export const jsonNumber = z
  .number()
  .nullable()
  .transform((value) => value ?? NaN);
