import type { Bijection } from "../bijections/index.js";
import type { Flow } from "../distributions/index.js";
import type { Tensor } from "../graph/index.js";
import type { JsonValue } from "../json.js";
import { Scope, type Context } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import type { BlockInfo, Density, LogDetMethod, Objective } from "./model.js";

/** A model whose p(x) is that of a flow. */
export abstract class FlowModel implements Density {
  abstract readonly kind: string;
  abstract readonly config: JsonValue;
  abstract readonly batch: Readonly<Record<string, Shape>>;
  abstract readonly blocks: readonly BlockInfo[];
  abstract readonly logDet: LogDetMethod;
  readonly scope = new Scope();
  readonly dimensions: number;
  readonly discrete: boolean;
  protected readonly flow: Flow;

  protected constructor(shape: Shape, makeFlow: (scope: Scope) => Flow) {
    this.dimensions = sizeOf(shape);
    this.discrete = shape.length === 3;
    this.flow = makeFlow(this.scope);
  }

  abstract objective(batch: Readonly<Record<string, Tensor>>, ctx: Context): Objective;

  get bijection(): Bijection {
    return this.flow.bijection;
  }

  score(x: Tensor, ctx: Context): ReturnType<Flow["score"]> {
    return this.flow.score(x, ctx);
  }

  sample(count: number, temperature: Tensor | number, ctx: Context): ReturnType<Flow["sample"]> {
    return this.flow.sample(count, temperature, ctx);
  }
}

/** What a batch of a density holds: x, and the condition if there is one. */
export function densityBatch({
  shape,
  condition = 0,
}: {
  readonly shape: Shape;
  /** Its features; 0 for none. */
  readonly condition?: number;
}): Readonly<Record<string, Shape>> {
  return { x: shape, ...(condition > 0 && { condition: [condition] }) };
}
