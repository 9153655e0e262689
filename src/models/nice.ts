import { z } from "zod";
import {
  Chain,
  Coupling,
  DiagonalScale,
  evensFirst,
  flatten,
  halvesMask,
} from "../bijections/index.js";
import { Flow, StandardGaussian, StandardLogistic } from "../distributions/index.js";
import { denseNetwork, type Scope } from "../nn/index.js";
import { sizeOf } from "../tree.js";
import { conditionOption, count, eventShape, parseConfig } from "./config.js";
import { FlowDensity } from "./flow-density.js";
import { pixelBijections, pixelOption } from "./pixels.js";

export const niceConfig = z.strictObject({
  shape: eventShape,
  couplings: count.default(4),
  /** Sizes of the hidden layers of each coupling's network. */
  hidden: z.array(count).readonly(),
  base: z.enum(["logistic", "gaussian"]).default("logistic"),
  pixels: pixelOption,
  condition: conditionOption,
});

/** Shape of the data, number of couplings, and sizes of their networks. */
export type NiceConfig = z.infer<typeof niceConfig>;

/**
 * NICE: additive couplings between the elements at even and at odd places, which keep volume, and
 * a learned scale of each element at the end. Images are taken as vectors.
 *
 * Densities of images are over [0, 256)ᴰ, so −log p/(D ln 2) is in bits/dim.
 *
 * @see Dinh et al. 2015, sections 3 and 5.1, https://arxiv.org/abs/1410.8516
 */
export class Nice extends FlowDensity {
  readonly kind = "nice";
  readonly config: NiceConfig;

  /**
   * @throws {UsageError} if a field is unknown, missing or outside its range.
   * @throws {ShapeError} if there is but one element, of which no half can be kept.
   */
  constructor(options: z.input<typeof niceConfig>) {
    const config = parseConfig(niceConfig, options, "Nice");
    super(config, (scope) => niceFlow(scope, config));
    this.config = config;
  }
}

function niceFlow(scope: Scope, config: NiceConfig): Flow {
  const { shape, hidden, condition, pixels } = config;
  const features = sizeOf(shape);
  const network = denseNetwork({ hidden, condition, startsAtZero: false });
  const couplings = Array.from(
    { length: config.couplings },
    (_, i) =>
      new Coupling(scope.child("couplings").child(i), {
        mask: halvesMask([features], i % 2 === 0 ? "first" : "last"),
        transform: "additive",
        network,
      }),
  );
  const bijection = new Chain([
    ...(shape.length === 3 ? [...pixelBijections(shape, pixels), flatten(shape)] : []),
    evensFirst(features),
    ...couplings,
    new DiagonalScale(scope.child("scale"), [features]),
  ]);
  const Base = config.base === "logistic" ? StandardLogistic : StandardGaussian;
  return new Flow(new Base(features), bijection);
}
