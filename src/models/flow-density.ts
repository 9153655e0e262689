import type { Bijection } from "../bijections/index.js";
import type { Flow } from "../distributions/index.js";
import type { Tensor } from "../graph/index.js";
import type { JsonValue } from "../json.js";
import { Scope, type Context } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import { densityObjective } from "./density-objective.js";
import type { BlockInfo, DensityModel, Objective } from "./model.js";

/** What every configuration of such a density holds. */
interface DensityOptions {
  readonly shape: Shape;
  /** Features of the condition; 0 for none. */
  readonly condition: number;
}

/** A density made of a flow without residual blocks. */
export abstract class FlowDensity implements DensityModel {
  abstract readonly kind: string;
  abstract readonly config: JsonValue;
  readonly task = "density";
  readonly scope = new Scope();
  readonly batch: Readonly<Record<string, Shape>>;
  readonly blocks: readonly BlockInfo[] = [];
  readonly dimensions: number;
  readonly discrete: boolean;
  readonly #flow: Flow;

  protected constructor({ shape, condition }: DensityOptions, makeFlow: (scope: Scope) => Flow) {
    this.batch = { x: shape, ...(condition > 0 && { condition: [condition] }) };
    this.dimensions = sizeOf(shape);
    this.discrete = shape.length === 3;
    this.#flow = makeFlow(this.scope);
  }

  get bijection(): Bijection {
    return this.#flow.bijection;
  }

  logProb(x: Tensor, ctx: Context): Tensor {
    return this.#flow.logProb(x, ctx);
  }

  sample(count: number, temperature: Tensor | number, ctx: Context): ReturnType<Flow["sample"]> {
    return this.#flow.sample(count, temperature, ctx);
  }

  /** Mean of −log p in nats. */
  objective(batch: Readonly<Record<string, Tensor>>, ctx: Context): Objective {
    return densityObjective(this, batch, ctx);
  }
}
