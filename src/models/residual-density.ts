import { DiagonalGaussian, Flow } from "../distributions/index.js";
import { sizeOf } from "../tree.js";
import { FlowModel } from "./flow-model.js";
import type { BlockInfo } from "./model.js";
import { residualBody, type ResidualBodyOptions, type ScaleOptions } from "./residual-body.js";

/** A density made of residual blocks, with a learned diagonal Gaussian as base. */
export abstract class ResidualDensity extends FlowModel {
  readonly blocks: readonly BlockInfo[];
  readonly logDet = "series";

  protected constructor(options: ResidualBodyOptions, scales: ScaleOptions) {
    let blocks: readonly BlockInfo[] = [];
    super(options, (scope) => {
      const body = residualBody(scope, options, scales);
      blocks = body.blocks;
      return new Flow(
        new DiagonalGaussian(scope.child("base"), sizeOf(options.shape)),
        body.bijection,
      );
    });
    this.blocks = blocks;
  }
}
