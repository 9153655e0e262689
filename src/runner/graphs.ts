import type { Check } from "../bijections/index.js";
import { Flow } from "../distributions/index.js";
import { exp, logSumExp, sub, type Tensor } from "../graph/index.js";
import type { Classifier, Density, Model } from "../models/index.js";
import { centred, dequantised, uncentred, type Context } from "../nn/index.js";

/** Arguments of a graph by name: x or z, the condition, limits. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Outputs of a graph with the checks that they stand under. */
export interface Outputs {
  readonly outputs: Tensors;
  readonly checks?: readonly Check[];
}

/** What a runner computes, as a graph of its arguments. */
export type Trace = (args: Tensors, ctx: Context) => Outputs;

type Bijective = Required<Pick<Model, "bijection">>;

/** log p(x) and ln|det J|, in nats, `[B]`, and z = f(x). */
export const scoreTrace =
  ({ density, bijection }: Pick<Density, "density" | "bijection">): Trace =>
  ({ x }, ctx) => {
    const { checks, ...outputs } = new Flow(density.base, bijection).score(
      dequantised(x!, ctx),
      ctx,
    );
    return { outputs, checks };
  };

/** z = f(x), of whole numbers their middles. */
export const forwardTrace =
  ({ bijection }: Bijective): Trace =>
  ({ x }, ctx) => {
    const { value: z, checks } = bijection.forward(centred(x!, ctx), ctx);
    return { outputs: { z }, checks };
  };

/** x = f⁻¹(z), of whole numbers less the half that {@link forwardTrace} adds. */
export const inverseTrace =
  ({ bijection }: Bijective): Trace =>
  ({ z }, ctx) => {
    const { value, checks } = bijection.inverse(z!, ctx);
    return { outputs: { x: uncentred(value, ctx) }, checks };
  };

/** `count` draws from p(x). */
export const sampleTrace =
  ({ density, bijection }: Pick<Density, "density" | "bijection">, count: number): Trace =>
  ({ temperature }, ctx) => {
    const { x, checks } = new Flow(density.base, bijection).sample(count, temperature ?? 1, ctx);
    return { outputs: { x }, checks };
  };

/** p(class | x), of a hybrid's pixels by their middles. */
export const predictTrace =
  ({ classifier }: Pick<Classifier, "classifier">): Trace =>
  ({ x }, ctx) => {
    const logits = classifier.logits(centred(x!, ctx), ctx);
    return { outputs: { probabilities: exp(sub(logits, logSumExp(logits, 1))) } };
  };
