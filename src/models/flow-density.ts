import { FlowModel } from "./flow-model.js";
import type { BlockInfo, DensityModel, LogDetMethod } from "./model.js";

/** A density made of a flow without residual blocks. */
export abstract class FlowDensity extends FlowModel implements DensityModel {
  readonly task = "density";
  readonly blocks: readonly BlockInfo[] = [];
  readonly logDet: LogDetMethod = "closed form";
}
