import type { Bijection } from "../bijections/index.js";
import type { Flow } from "../distributions/index.js";
import type { Tensor } from "../graph/index.js";
import type { JsonValue } from "../json.js";
import { Scope, type Context } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import { densityObjective } from "./density-objective.js";
import type { BlockInfo, Density, LogDetMethod, Objective } from "./model.js";

/** What every configuration of such a model holds. */
interface FlowOptions {
  readonly shape: Shape;
  /** Features of the condition; 0, or absent, for none. */
  readonly condition?: number;
}

/** A model whose p(x) is that of a flow. */
export abstract class FlowModel implements Density {
  abstract readonly kind: string;
  abstract readonly config: JsonValue;
  abstract readonly blocks: readonly BlockInfo[];
  abstract readonly logDet: LogDetMethod;
  readonly scope = new Scope();
  readonly batch: Readonly<Record<string, Shape>>;
  readonly dimensions: number;
  readonly discrete: boolean;
  protected readonly flow: Flow;

  protected constructor({ shape, condition = 0 }: FlowOptions, makeFlow: (scope: Scope) => Flow) {
    this.batch = { x: shape, ...(condition > 0 && { condition: [condition] }) };
    this.dimensions = sizeOf(shape);
    this.discrete = shape.length === 3;
    this.flow = makeFlow(this.scope);
  }

  get bijection(): Bijection {
    return this.flow.bijection;
  }

  score(x: Tensor, ctx: Context): ReturnType<Flow["score"]> {
    return this.flow.score(x, ctx);
  }

  /** Mean of −log p in nats. */
  objective(batch: Readonly<Record<string, Tensor>>, ctx: Context): Objective {
    return densityObjective(this, batch, ctx);
  }

  sample(count: number, temperature: Tensor | number, ctx: Context): ReturnType<Flow["sample"]> {
    return this.flow.sample(count, temperature, ctx);
  }
}
