/** A value in words, for messages: `the text "a"`, `[1, 2]`, `a Map`, `undefined`. */
export function described(value: unknown): string {
  if (typeof value === "string") return `the text "${value.slice(0, 40)}"`;
  if (typeof value === "function") return `the function ${value.name || "given"}`;
  if (typeof value !== "object" || value === null) return String(value);
  if (!Array.isArray(value)) return `a ${nameOf(value)}`;
  const odd: unknown = value.find((x) => typeof x !== "number");
  if (odd !== undefined) return `an array with ${Array.isArray(odd) ? "a list" : described(odd)}`;
  return `[${value.slice(0, 8).join(", ")}]`;
}

/** The name of an object's class; one without a prototype has none. */
function nameOf(value: object): string {
  return "constructor" in value && typeof value.constructor === "function"
    ? value.constructor.name
    : "Object";
}
