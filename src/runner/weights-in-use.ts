import { compile } from "../engine/compile.js";
import type { Engine, Store } from "../engine/engine.js";
import { input } from "../graph/index.js";
import type { Model } from "../models/index.js";
import { Context, type BoundedWeight } from "../nn/index.js";

/** The weight of a norm within its bound is stored under this; no variable's path has a colon. */
const storedName = ({ path }: BoundedWeight): string => `inUse:${path}`;

const bounded = ({ scope }: Pick<Model, "scope">): readonly BoundedWeight[] =>
  scope.norms.filter(({ c }) => c !== undefined);

/**
 * Puts the weights within their bounds, W/max(1, σ/c), beside the variables that they follow from:
 * no graph that takes them by {@link takeWeightsInUse} computes them again.
 */
export async function storeWeightsInUse(
  engine: Engine,
  model: Pick<Model, "scope">,
  store: Store,
): Promise<void> {
  const bounding = compile(engine, () => {
    const ctx = new Context({ phase: "infer" });
    const weights = bounded(model).map((norm) => [storedName(norm), norm.normalised(ctx)] as const);
    return { outputs: {}, updates: Object.fromEntries(weights) };
  });
  try {
    await bounding.call({}, { store });
  } finally {
    await bounding.close();
  }
}

/** Lets a tracing take the weights within their bounds from the store. */
export function takeWeightsInUse(model: Pick<Model, "scope">, ctx: Context): void {
  for (const norm of bounded(model)) {
    ctx.once(norm, () => input(storedName(norm), norm.weight.shape));
  }
}
