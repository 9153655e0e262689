import { z } from "zod";
import { UsageError } from "../errors.js";
import type { Shape } from "../tree.js";

/** A whole number of at least 1, in a configuration. */
export const count = z.int().positive();

/** Features of the condition of a conditional model, in a configuration; 0 for none. */
export const conditionOption = z.int().nonnegative().default(0);

/** Shape of an event, in a configuration: `[D]`, or an image's `[C, H, W]` in pixels 0…255. */
export const eventShape = z
  .array(count)
  .refine(({ length }) => length === 1 || length === 3, {
    error: "expected sizes [D] of a vector or [C, H, W] of an image",
  })
  .readonly();

/**
 * Checks a configuration and fills in its defaults.
 * @throws {UsageError} naming each field that is unknown, missing or outside its range.
 */
export function parseConfig<S extends z.ZodType>(
  schema: S,
  options: unknown,
  where: string,
): z.output<S> {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  throw new UsageError(`${where}: ${z.prettifyError(result.error)}`);
}

/** @throws {UsageError} if this isn't the shape of an image. */
export function expectImage(shape: Shape): readonly [number, number, number] {
  const [c, h, w] = shape;
  if (c === undefined || h === undefined || w === undefined || shape.length !== 3) {
    throw new UsageError(`model: expected image shape [C, H, W], got [${shape}]`);
  }
  return [c, h, w];
}
