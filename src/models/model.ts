import type { Bijection, Check } from "../bijections/index.js";
import type { Tensor } from "../graph/index.js";
import type { JsonValue } from "../json.js";
import type { Context, Scope } from "../nn/index.js";
import type { Shape } from "../tree.js";

/** What training minimises, and what it reports. */
export interface Objective {
  /** A scalar, in nats per example. */
  readonly loss: Tensor;
  /** Scalars by name, each with its unit in the name where it has one. */
  readonly metrics: Readonly<Record<string, Tensor>>;
}

/** A network with variables, ready to be trained. */
export interface Model {
  /** Name in the registry, kept in checkpoints. */
  readonly kind: string;
  /** What the constructor was given, as JSON. */
  readonly config: JsonValue;
  /** Where its variables are declared. */
  readonly scope: Scope;
  /** Shapes per event of the arrays a batch holds, by name. */
  readonly batch: Readonly<Record<string, Shape>>;
  /** Data to latent; a classifier may have none. */
  readonly bijection?: Bijection;
  /** Residual blocks in order, by path: the product of a block's norms bounds it. */
  readonly blocks: readonly BlockInfo[];
  objective(batch: Readonly<Record<string, Tensor>>, ctx: Context): Objective;
}

export interface BlockInfo {
  readonly path: string;
  /** Elements of an event that the block maps, for each log-determinant that it has. */
  readonly dimensions: number;
  /** Paths of the spectral normalisations whose product bounds Lip(g). */
  readonly norms: readonly string[];
}

/**
 * Where ln|det J| comes from, if its value isn't asked for exactly: from a `closed form`; from the
 * power `series` of residual blocks, whose mean is off by its truncation; or from one `Hutchinson
 * probe` for each solve, whose mean is that of the exact trace.
 */
export type LogDetMethod = "closed form" | "series" | "Hutchinson probe";

/** A model of p(x), whatever else it is. */
export interface Density extends Model {
  readonly bijection: Bijection;
  /** Elements per event, the D of bits/dim. */
  readonly dimensions: number;
  /** Whether x holds whole pixel values 0…255, to which uniform noise in [0, 1) is added. */
  readonly discrete: boolean;
  readonly logDet: LogDetMethod;
  /** log p(x) in nats, `[B]`, x with its noise already added. */
  score(x: Tensor, ctx: Context): { readonly logProb: Tensor; readonly checks: readonly Check[] };
  sample(
    count: number,
    temperature: Tensor | number,
    ctx: Context,
  ): { readonly x: Tensor; readonly checks: readonly Check[] };
}

/** A model of p(class | x), whatever else it is. */
export interface Classifier extends Model {
  readonly classes: number;
  /** Unnormalised log-probabilities, `[B, classes]`, of x as a batch holds it. */
  logits(x: Tensor, ctx: Context): Tensor;
}

/** A model of p(x). */
export interface DensityModel extends Density {
  readonly task: "density";
}

/** A model of p(class | x). */
export interface ClassifierModel extends Classifier {
  readonly task: "classification";
}

/** A model of both p(class | x) and p(x). */
export interface HybridModel extends Density, Classifier {
  readonly task: "hybrid";
  readonly bijection: Bijection;
  /** What −log p(x)/D counts for beside −log p(class | x) in its objective. */
  readonly weight: number;
}

export type AnyModel = ClassifierModel | DensityModel | HybridModel;
