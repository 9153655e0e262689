import { expectOneOf, expectOptions } from "../border/options.js";
import { expectKind } from "../border/kinds.js";
import { oneHot, type DataDescription } from "../data/index.js";
import { UsageError } from "../errors.js";
import type { NDArray } from "../tree.js";

/** The choice of a class for pictures to be drawn. */
export interface ClassChoice {
  /** Name of the class of all; unless given, the classes take turns. */
  readonly class?: string | undefined;
  /** Place of the first picture, which decides whose turn it is; 0 unless given. */
  readonly first?: number;
}

/**
 * The condition under which a density of pictures by class draws some: `[count, classes]`, one-hot.
 * Nothing for a density without a condition.
 *
 * @param data of the model's runner
 * @throws {UsageError} if there is no such class, with its nearest name, or no condition to be it.
 */
export function classCondition(
  data: Pick<DataDescription, "name" | "classes" | "condition"> | undefined,
  count: number,
  choice: ClassChoice = {},
): { readonly condition?: NDArray } {
  if (data !== undefined) expectKind(data, "object", "classCondition");
  expectOptions(choice, ["class", "first"], "classCondition");
  const { class: name, first = 0 } = choice;
  const { classes = [], condition = 0 } = data ?? {};
  if (condition === 0 || condition !== classes.length) {
    if (name === undefined) return {};
    throw new UsageError(
      `class: expected a density of pictures by class, got one of ${data?.name ?? "unknown data"} without; leave the class out, or train with the condition class`,
      { name: "class" },
    );
  }
  const label =
    name === undefined ? undefined : classes.indexOf(expectOneOf(name, classes, "class"));
  const labels = Array.from({ length: count }, (_, i) => label ?? (first + i) % classes.length);
  return { condition: oneHot(labels, classes.length) };
}
