import { expectKind, type Kind } from "./kinds.js";

/** What parts of a model are made of, by the names of their arguments. */
const kindOf = {
  base: "base",
  bijection: "bijection",
  parts: "bijections",
  scales: "bijections",
  branch: "branch",
  channels: "size",
  components: "size",
  condition: "count",
  context: "context",
  dynamics: "dynamics",
  features: "size",
  hidden: "sizes",
  inChannels: "size",
  inFeatures: "size",
  kernel: "size",
  mask: "mask",
  network: "function",
  operator: "operator",
  options: "object",
  outChannels: "size",
  outFeatures: "size",
  outputs: "size",
  path: "text",
  scope: "scope",
  shape: "event shape",
  sizes: "object",
  weight: "tensor",
  widths: "sizes",
} as const satisfies Readonly<Record<string, Kind>>;

/**
 * The one check of what a part of a model is made of.
 *
 * @param where names the part in the message, such as `ActNorm`
 * @param given its arguments by name
 * @throws {UsageError} naming the first that is wrong, what was expected, and what came.
 */
export function expectParts(
  where: string,
  given: Readonly<Partial<Record<keyof typeof kindOf, unknown>>>,
): void {
  for (const [name, value] of Object.entries(given)) {
    expectKind(value, kindOf[name as keyof typeof kindOf], `${where}: ${name}`);
  }
}
