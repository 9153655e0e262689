import { z } from "zod";
import { UsageError } from "../errors.js";
import { add, div, meanAll, mul, neg, relu, type Tensor } from "../graph/index.js";
import { Linear, type Context, type Scope } from "../nn/index.js";
import type { Shape } from "../tree.js";
import { classification } from "./classification.js";
import { count, parseConfig } from "./config.js";
import { dequantised } from "./density-objective.js";
import type { HybridModel, Objective } from "./model.js";
import { residualBodyOptions } from "./residual-body.js";
import { ResidualDensity } from "./residual-density.js";
import { expectResidualOptions } from "./residual-stack.js";

export const iResNetHybridConfig = z.strictObject({
  ...residualBodyOptions,
  classes: count,
  /** Hidden units of the classifier's head. */
  head: count.default(128),
  /** λD: what −log p(x)/D counts for beside −log p(class | x). */
  weight: z.number().nonnegative().default(1),
});

/** As {@link IResNetDensityConfig}, with `classes`, the `head`'s hidden units and the `weight`. */
export type IResNetHybridConfig = z.infer<typeof iResNetHybridConfig>;

/**
 * One i-ResNet that classifies and is a density: the body and base of {@link IResNetDensity}, and
 * on its latent z a head of a linear layer, ReLU and a linear layer. It minimises
 *
 *     −log p(class | x) − λ·log p(x),  λ = weight/D,
 *
 * in nats. A weight of 1 is the middle one that Chen et al. compare: they take λ = 0, 1/D and 1.
 * Their head pools features of every scale; this one takes the whole latent.
 *
 * @see Nalisnick et al. 2019, https://arxiv.org/abs/1902.02767
 * @see Chen et al. 2019, section 5.4, https://arxiv.org/abs/1906.02735
 */
export class IResNetHybrid extends ResidualDensity implements HybridModel {
  readonly kind = "i-resnet-hybrid";
  readonly task = "hybrid";
  readonly config: IResNetHybridConfig;
  override readonly batch: Readonly<Record<string, Shape>>;
  readonly classes: number;
  readonly weight: number;
  readonly #head: (z: Tensor) => Tensor;

  /**
   * @throws {UsageError} if a field is unknown, missing or outside its range.
   * @throws {LipschitzError} unless c is `null` or in (0, 1).
   * @throws {ShapeError} if an image can't be squeezed so often.
   */
  constructor(options: z.input<typeof iResNetHybridConfig>) {
    expectResidualOptions(options, "IResNetHybrid");
    const config = parseConfig(iResNetHybridConfig, options, "IResNetHybrid");
    super(config, { squeezeFirst: true, factorOut: true });
    this.config = config;
    this.classes = config.classes;
    this.weight = config.weight;
    this.batch = { x: config.shape, y: [config.classes] };
    this.#head = head(this.scope.child("head"), this.dimensions, config);
  }

  /** Of pixels the middle of what dequantisation makes of them: x + ½. */
  logits(x: Tensor, ctx: Context): Tensor {
    const data = this.discrete ? add(x, 0.5) : x;
    return this.#head(this.bijection.forward(data, ctx).value);
  }

  /** The weighted sum in nats, its two parts, and the percentage of wrong answers. */
  override objective({ x, y }: Readonly<Record<string, Tensor>>, ctx: Context): Objective {
    if (!x || !y) throw new UsageError("IResNetHybrid: expected a batch of x and one-hot y");
    const { value: z, logDet } = this.bijection.forward(dequantised(this, x, ctx), ctx);
    const logProb = add(this.flow.base.logProb(z, ctx), logDet);
    const perDimension = div(neg(meanAll(logProb)), this.dimensions);
    const { loss, metrics } = classification(this.#head(z), y, ctx);
    return {
      loss: add(loss, mul(perDimension, this.weight)),
      metrics: { ...metrics, "cross-entropy (nats)": loss, "-log p(x) (nats/dim)": perDimension },
    };
  }
}

function head(
  scope: Scope,
  features: number,
  { head: hidden, classes }: IResNetHybridConfig,
): (z: Tensor) => Tensor {
  const first = new Linear(scope.child("linear1"), features, hidden);
  const last = new Linear(scope.child("linear2"), hidden, classes);
  return (z) => last.apply(relu(first.apply(z)));
}
