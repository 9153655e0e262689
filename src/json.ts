/** Any value a JSON text can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: JsonValue;
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether two values are equal; the order of an object's fields doesn't matter. */
export function sameJson(a: JsonValue, b: JsonValue): boolean {
  return sorted(a) === sorted(b);
}

function sorted(value: JsonValue): string {
  return JSON.stringify(value, (_, field: JsonValue) =>
    isJsonObject(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  );
}

/** Levels that JSON of ours may have: what walks through it calls itself for each. */
const deepest = 100;

/** The object that `text` holds, or undefined if it isn't JSON, holds another value or is too deep. */
export function parseJsonObject(text: string): JsonObject | undefined {
  if (depthOf(text) > deepest) return undefined;
  try {
    const value = JSON.parse(text) as JsonValue;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Brackets that are open at once, outside of strings. */
function depthOf(text: string): number {
  let depth = 0;
  let most = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === "[" || token === "{") most = Math.max(most, ++depth);
    else if (token === "]" || token === "}") depth--;
  }
  return most;
}
