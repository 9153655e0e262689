import type { Bijection } from "../bijections/index.js";
import { DiagonalGaussian, Flow } from "../distributions/index.js";
import type { Tensor } from "../graph/index.js";
import type { JsonValue } from "../json.js";
import { Scope, type Context } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import type { BlockInfo, Density, Objective } from "./model.js";
import { residualBody, type ResidualBodyOptions, type ScaleOptions } from "./residual-body.js";

/** A density made of residual blocks, with a learned diagonal Gaussian as base. */
export abstract class ResidualDensity implements Density {
  abstract readonly kind: string;
  abstract readonly config: JsonValue;
  abstract readonly batch: Readonly<Record<string, Shape>>;
  readonly scope = new Scope();
  readonly dimensions: number;
  readonly discrete: boolean;
  readonly blocks: readonly BlockInfo[];
  protected readonly flow: Flow;

  protected constructor(options: ResidualBodyOptions, scales: ScaleOptions) {
    this.dimensions = sizeOf(options.shape);
    this.discrete = options.shape.length === 3;
    const { bijection, blocks } = residualBody(this.scope, options, scales);
    this.blocks = blocks;
    this.flow = new Flow(
      new DiagonalGaussian(this.scope.child("base"), this.dimensions),
      bijection,
    );
  }

  abstract objective(batch: Readonly<Record<string, Tensor>>, ctx: Context): Objective;

  get bijection(): Bijection {
    return this.flow.bijection;
  }

  logProb(x: Tensor, ctx: Context): Tensor {
    return this.flow.logProb(x, ctx);
  }

  sample(count: number, temperature: Tensor | number, ctx: Context): ReturnType<Flow["sample"]> {
    return this.flow.sample(count, temperature, ctx);
  }
}

/** What a batch of a density holds. */
export function densityBatch({
  shape,
  condition = 0,
}: Pick<ResidualBodyOptions, "shape" | "condition">): Readonly<Record<string, Shape>> {
  return { x: shape, ...(condition > 0 && { condition: [condition] }) };
}
