/**
 * Pictures as text: arrays of numbers rounded to three digits after the point, what isn't finite by its
 * name, which JSON has no number for.
 */
export function encodeNumbers(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => {
    if (one instanceof Float32Array) return Array.from(one, rounded);
    return typeof one === "number" && !Number.isFinite(one) ? String(one) : one;
  });
}

/** What {@link encodeNumbers} made text of; its arrays are plain ones. */
export function decodeNumbers(text: string): unknown {
  return JSON.parse(text, (_key, one: unknown) =>
    one === "NaN" || one === "Infinity" || one === "-Infinity" ? Number(one) : one,
  );
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;
