import type { Flow } from "../distributions/index.js";
import type { Tensor } from "../graph/index.js";
import type { Context, Scope } from "../nn/index.js";
import type { Shape } from "../tree.js";
import { densityObjective } from "./density-objective.js";
import { densityBatch, FlowModel } from "./flow-model.js";
import type { BlockInfo, DensityModel, LogDetMethod, Objective } from "./model.js";

/** What every configuration of such a density holds. */
interface DensityOptions {
  readonly shape: Shape;
  /** Features of the condition; 0 for none. */
  readonly condition: number;
}

/** A density made of a flow without residual blocks. */
export abstract class FlowDensity extends FlowModel implements DensityModel {
  readonly task = "density";
  readonly batch: Readonly<Record<string, Shape>>;
  readonly blocks: readonly BlockInfo[] = [];
  readonly logDet: LogDetMethod = "closed form";

  protected constructor(options: DensityOptions, makeFlow: (scope: Scope) => Flow) {
    super(options.shape, makeFlow);
    this.batch = densityBatch(options);
  }

  /** Mean of −log p in nats. */
  objective(batch: Readonly<Record<string, Tensor>>, ctx: Context): Objective {
    return densityObjective(this, batch, ctx);
  }
}
