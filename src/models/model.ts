import type { Bijection } from "../bijections/index.js";
import type { Base } from "../distributions/index.js";
import type { Tensor } from "../graph/index.js";
import type { JsonValue } from "../json.js";
import type { Context, Scope } from "../nn/index.js";
import type { Shape } from "../tree.js";

/** A loss that training minimises, with the metrics that it reports. */
export interface Objective {
  /** A scalar, in nats per example. */
  readonly loss: Tensor;
  /** Scalars by name, each with its unit in the name where it has one. */
  readonly metrics: Readonly<Record<string, Tensor>>;
}

/**
 * A batch in a graph: x `[B, ...shape]`, one-hot y `[B, classes]` for a classifier, condition
 * `[B, K]` for a conditional model, weight `[B]`, of mean 1, where examples count differently, and
 * step `[B, D]`, see {@link Context.step}, where each number has a width of its own.
 */
export type Batch = Readonly<Record<string, Tensor>>;

export interface BlockInfo {
  readonly path: string;
  /** Elements of an event that the block maps, for each log-determinant that it has. */
  readonly dimensions: number;
  /** Paths of the spectral normalisations whose product bounds Lip(g). */
  readonly norms: readonly string[];
  /** Paths of those of which what is above 1 multiplies the bound. */
  readonly inner?: readonly string[];
}

/**
 * Where ln|det J| comes from, if its value isn't asked for exactly: from a `closed form`; from the
 * power `series` of residual blocks, whose mean is off by its truncation; or from one `Hutchinson
 * probe` for each solve, whose mean is that of the exact trace.
 */
export type LogDetMethod = "closed form" | "series" | "Hutchinson probe";

/** The part that makes a bijection a model of p(x). */
export interface DensityPart {
  /** Distribution of the latents. */
  readonly base: Base;
  readonly logDet: LogDetMethod;
  /** In a hybrid, what −log p(x)/D counts for beside −log p(class | x). */
  readonly weight?: number;
}

/** The part that makes a model of p(class | x). */
export interface ClassifierPart {
  readonly classes: number;
  /**
   * Unnormalised log-probabilities, `[B, classes]`. In a hybrid, x has left whole numbers behind,
   * see {@link Context.step}; else it is as a batch holds it.
   */
  logits(x: Tensor, ctx: Context): Tensor;
}

/** The parts that a model is composed of. */
export interface ModelParts {
  /** The shape of an event x, as the model takes it: `[D]` or `[C, H, W]`. */
  readonly shape: Shape;
  /** Features K of a condition; 0 or absent for none. */
  readonly condition?: number;
  /** Whether x holds pixel values 0…255: whole ones, if the model is a density. */
  readonly pixels?: boolean;
  /** Data to latent; a classifier may have none. */
  readonly bijection?: Bijection;
  /** Residual blocks in order, by path: the product of a block's norms bounds it. */
  readonly blocks?: readonly BlockInfo[];
  /** The density p(x); it needs a bijection. */
  readonly density?: DensityPart;
  /** The classifier p(class | x). */
  readonly classifier?: ClassifierPart;
  /**
   * Only where it isn't the usual one: the mean of −log p(x) for a density, of −log p(class | x) for
   * a classifier.
   */
  readonly objective?: (batch: Batch, ctx: Context) => Objective;
}

export type Task = "density" | "classification" | "hybrid";

/** The parts that a model may have or not. */
export type PartName = "bijection" | "density" | "classifier";

/** The frame that every model has beside its parts, which are those of the names `Parts`. */
export interface ModelFrame<C extends JsonValue = JsonValue, Parts extends PartName = PartName> {
  /** Name in the registry, kept in checkpoints. */
  readonly kind: string;
  /** Its configuration, complete, as checkpoints keep it. */
  readonly config: C;
  readonly task: Task;
  /** Where its variables are declared. */
  readonly scope: Scope;
  /** Elements of an event, the D of bits/dim. */
  readonly dimensions: number;
  /** Shapes per event of the arrays a batch holds, by name: x, y, condition. */
  readonly batch: Readonly<Record<string, Shape>>;
  readonly condition: number;
  readonly pixels: boolean;
  readonly blocks: readonly BlockInfo[];
  readonly objective: (batch: Batch, ctx: Context) => Objective;
  /** Whether the model has a part. That a part is surely missing shows in the type. */
  has(part: Parts): boolean;
}

/** A network with variables, ready to be trained. Which parts it has says what it can do. */
export interface Model extends ModelFrame {
  readonly shape: Shape;
  readonly bijection?: Bijection;
  readonly density?: DensityPart;
  readonly classifier?: ClassifierPart;
}

/** A model of which nothing more is known, such as one from a checkpoint. */
export type AnyModel = Model;

/** A model of p(x), whatever else it is. */
export type Density = Model & Required<Pick<Model, "bijection" | "density">>;

/** A model of p(class | x), whatever else it is. */
export type Classifier = Model & Required<Pick<Model, "classifier">>;
