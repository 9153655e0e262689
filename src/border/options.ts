import { described } from "./described.js";
import { UsageError } from "../errors.js";

/**
 * Refuses names that an entry point doesn't know: a misspelt option must not be ignored.
 *
 * @param options what the caller gave
 * @param known every name there is
 * @param where names the entry point in the message, such as `fit`
 * @throws {UsageError} naming the first unknown one, and the known one that is nearest to it; or if
 * there is no plain object.
 */
export function expectOptions(options: unknown, known: readonly string[], where: string): void {
  if (!isOptions(options)) {
    throw new UsageError(
      `${where}: expected an object with ${known.join(", ")}, got ${described(options)}`,
    );
  }
  const name = Object.keys(options).find((key) => !known.includes(key));
  if (name === undefined) return;
  throw new UsageError(
    `${where}: expected options of ${known.join(", ")}, got "${name}"${suggestion(name, known)}`,
    { name },
  );
}

/** A plain object: one of a class, such as a `Random`, isn't a set of options. */
function isOptions(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * One of several names.
 *
 * @param what names the option in the message, such as `--data`
 * @throws {UsageError} if it isn't one of them, naming the nearest.
 */
export function expectOneOf<T extends string>(
  value: unknown,
  known: readonly T[],
  what: string,
): T {
  const found = known.find((one) => one === value);
  if (found !== undefined) return found;
  const name = String(value);
  throw new UsageError(
    `${what}: expected one of ${known.join(", ")}, got "${name}"${suggestion(name, known)}`,
    { name },
  );
}

/**
 * A name that something new may have.
 * @throws {UsageError} if it is one of the known ones.
 */
export function expectNew(name: string, known: readonly string[], where: string): void {
  if (!known.includes(name)) return;
  throw new UsageError(
    `${where}: expected a new name, got "${name}", which is taken; choose another`,
    { name },
  );
}

/** `; did you mean "c"?`, or nothing where no name is near. */
export function suggestion(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined ? "" : `; did you mean "${near}"?`;
}

/** The name that takes the fewest edits, if those are at most a third of its letters. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  // What isn't text by the caller's mistake is near to none.
  if (typeof (name as unknown) !== "string") return undefined;
  let best: string | undefined;
  let least = Infinity;
  for (const one of known) {
    const edits = editDistance(name.toLowerCase(), one.toLowerCase());
    if (edits >= least || edits > Math.max(1, Math.floor(one.length / 3))) continue;
    [best, least] = [one, edits];
  }
  return best;
}

/**
 * Letters to insert, leave out, replace or swap with the next to make `b` of `a`.
 * @see https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance, optimal string alignment
 */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const [last, now] = [rows[i - 1]!, [i]];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      now.push(Math.min(last[j]! + 1, now[j - 1]! + 1, last[j - 1]! + same));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        now[j] = Math.min(now[j]!, rows[i - 2]![j - 2]! + 1);
      }
    }
    rows.push(now);
  }
  return rows[a.length]![b.length]!;
}
