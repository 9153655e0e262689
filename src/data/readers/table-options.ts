import { expectOneOf, expectOptions } from "../../border/options.js";
import { UsageError } from "../../errors.js";
import type { TableOptions } from "../table.js";

/** Options that say how much at most. */
interface Limits {
  readonly maxRow?: number;
  readonly maxBytes?: number;
  readonly depth?: number;
}

/**
 * Checks the options that formats share, and that there are no others.
 *
 * @param own names that the format has beside those of {@link TableOptions}
 * @param where names the entry point in messages
 * @throws {UsageError} naming the option that is unknown or out of its range.
 */
export function expectTableOptions(
  options: TableOptions & Limits,
  own: readonly string[],
  where: string,
): void {
  expectOptions(options, ["chunkRows", "kinds", "invalid", ...own], where);
  const { chunkRows, maxRow, maxBytes, depth, invalid } = options;
  for (const [name, value] of Object.entries({ chunkRows, maxRow, maxBytes, depth })) {
    if (value !== undefined) expectCount(value, name, where);
  }
  if (invalid !== undefined) expectOneOf(invalid, ["error", "missing"], `${where}: invalid`);
}

/** @throws {UsageError} if an option isn't a whole number of at least 1. */
export function expectCount(value: number, name: string, where: string): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new UsageError(
    `${where}: expected ${name} to be a whole number of at least 1, got ${value}; choose another`,
    { name },
  );
}
