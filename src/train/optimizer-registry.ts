import { expectKind } from "../border/kinds.js";
import * as z from "zod";
import { expectNew, suggestion } from "../border/options.js";
import { UsageError } from "../errors.js";
import type { Tensor } from "../graph/index.js";
import type { Packing } from "./packing.js";

/** One update of one parameter p by its gradient g, as a pure function of tensors. */
export interface Optimizer {
  /** Updates matrices in its place, see `isMatrix`; absent if nothing needs to. */
  readonly matrices?: Optimizer;
  /** Names of the arrays kept for each parameter: of its shape, 0 at first. */
  readonly slots: readonly string[];
  apply(
    p: Tensor,
    g: Tensor,
    slots: Readonly<Record<string, Tensor>>,
    at: StepInputs,
  ): { readonly value: Tensor; readonly slots: Readonly<Record<string, Tensor>> };
}

export interface StepInputs {
  /** Learning rate α, a scalar. */
  readonly rate: Tensor;
  /** t = 1, 2, ..., a scalar. */
  readonly step: Tensor;
  /** Whether weight decay applies to this parameter. */
  readonly decay: boolean;
  /** The parameters that p holds, laid end to end. */
  readonly packing: Packing;
}

/** An optimizer as a registry knows it. */
export interface OptimizerDefinition<S extends z.ZodType<{ readonly kind: string }>> {
  /** Its name in a training configuration. */
  readonly kind: string;
  /** The schema of its part of the configuration, `kind` included. */
  readonly schema: S;
  create(config: z.output<S>): Optimizer;
}

interface Entry {
  readonly schema: z.ZodType<{ readonly kind: string }>;
  create(config: unknown): Optimizer;
}

const entries = new Map<string, Entry>();

/**
 * Makes an optimizer known by its `kind`, so that training configurations can name it, and
 * checkpoints of such runs resume wherever it is registered.
 *
 * @throws {UsageError} if there is one of that kind.
 *
 * @example
 * registerOptimizer({
 *   kind: "sign",
 *   schema: z.strictObject({ kind: z.literal("sign") }),
 *   create: () => ({
 *     slots: [],
 *     apply: (p, g, _, { rate }) => ({ value: sub(p, mul(sign(g), rate)), slots: {} }),
 *   }),
 * });
 */
export function registerOptimizer<S extends z.ZodType<{ readonly kind: string }>>(
  definition: OptimizerDefinition<S>,
): void {
  expectKind(definition, "object", "registerOptimizer");
  const { kind, schema } = definition;
  expectNew(kind, optimizerKinds(), "registerOptimizer");
  entries.set(kind, { schema, create: (config) => definition.create(schema.parse(config)) });
}

/** Kinds of all optimizers there are. */
function optimizerKinds(): readonly string[] {
  return [...entries.keys()];
}

/** The optimizer of a configuration that `parseOptimizer` passed. */
export function createOptimizer(config: { readonly kind: string }): Optimizer {
  expectKind(config, "object", "createOptimizer");
  return entryOf(config.kind).create(config);
}

/** Checks an optimizer's configuration, and fills in its defaults; adds what is wrong to `ctx`. */
export function parseOptimizer(
  value: unknown,
  ctx: z.RefinementCtx,
): { readonly kind: string } | typeof z.NEVER {
  const kind = typeof value === "object" && value !== null && "kind" in value ? value.kind : value;
  const entry = typeof kind === "string" ? entries.get(kind) : undefined;
  if (!entry) {
    const hint = typeof kind === "string" ? suggestion(kind, optimizerKinds()) : "";
    const message = `expected one of ${optimizerKinds().join(", ")}, got ${JSON.stringify(kind)}${hint}`;
    ctx.addIssue({ code: "custom", path: ["kind"], message });
    return z.NEVER;
  }
  const result = entry.schema.safeParse(value);
  if (result.success) return result.data;
  for (const { path, message } of result.error.issues) {
    ctx.addIssue({ code: "custom", path, message });
  }
  return z.NEVER;
}

function entryOf(kind: string): Entry {
  const entry = entries.get(kind);
  if (entry) return entry;
  throw new UsageError(
    `createOptimizer: expected one of ${optimizerKinds().join(", ")}, got "${kind}"; register it first`,
    { name: kind },
  );
}
