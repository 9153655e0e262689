import * as z from "zod";
import { suggestion } from "../border/options.js";
import { ranges, type WholeRange } from "../border/ranges.js";
import { UsageError } from "../errors.js";
import { activationNames } from "../nn/index.js";
import type { Shape } from "../tree.js";

/** A whole number of a range, in a configuration. */
export const whole = ({ least, most }: WholeRange): z.ZodInt => z.int().min(least).max(most);

/** A number of channels, units, features or classes, or a side of an image, in a configuration. */
export const count = whole(ranges.size);

/** A number of blocks, couplings or layers, one after another, in a configuration. */
export const depth = whole(ranges.depth);

/** Features K of the condition of a conditional model, in a configuration; 0 or absent for none. */
export const conditionOption = whole({ ...ranges.size, least: 0 });

/** Shape of an event, in a configuration: `[D]`, or an image's `[C, H, W]`. */
export const eventShape = z
  .array(count)
  .refine(({ length }) => length === 1 || length === 3, {
    error: "expected sizes [D] of a vector or [C, H, W] of an image",
  })
  .readonly();

/** Name of a registered activation, in a configuration. */
export const activationOption = z.string().refine((name) => activationNames().includes(name), {
  error: ({ input }) =>
    `expected one of ${activationNames().join(", ")}, got "${String(input)}"${suggestion(String(input), activationNames())}`,
});

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
  const near = result.error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => suggestion(key, knownFields(schema, issue.path)))
      : [],
  );
  throw new UsageError(`${where}: ${z.prettifyError(result.error)}${near.join("")}`);
}

/** Fields that an object at `path` of what a schema describes may have. */
function knownFields(schema: unknown, path: readonly PropertyKey[]): string[] {
  if (schema instanceof z.ZodObject) {
    const [key, ...rest] = path;
    return key === undefined
      ? Object.keys(schema.shape)
      : knownFields(schema.shape[String(key)], rest);
  }
  if (schema instanceof z.ZodUnion) {
    return schema.options.flatMap((option) => knownFields(option, path));
  }
  if (schema instanceof z.ZodArray) return knownFields(schema.element, path.slice(1));
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly
  ) {
    return knownFields(schema.unwrap(), path);
  }
  return [];
}

/** @throws {UsageError} if this isn't the shape of an image. */
export function expectImage(shape: Shape): readonly [number, number, number] {
  const [c, h, w] = shape;
  if (c === undefined || h === undefined || w === undefined || shape.length !== 3) {
    throw new UsageError(`model: expected image shape [C, H, W], got [${shape}]`);
  }
  return [c, h, w];
}
