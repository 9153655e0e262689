import { expectKind } from "../border/kinds.js";
import { expectOptions } from "../border/options.js";
import { ShapeError } from "../errors.js";
import type { Tensor } from "../graph/index.js";
import { Context, type BoundedWeight } from "../nn/index.js";
import type { NumberArray } from "../tree.js";
import { certifiedNorm, type CertifiedNorm, type CertifiedNormOptions } from "./certified-norm.js";
import { roundedUp } from "./rounding.js";

/** The parts of a model that are certified: its norms, and the blocks that they belong to. */
export interface Certifiable {
  readonly scope: { readonly norms: readonly BoundedWeight[] };
  readonly blocks: readonly {
    readonly path: string;
    readonly norms: readonly string[];
    readonly inner?: readonly string[];
  }[];
}

export interface Certificates {
  /** Bound on the norm of each weight in use, by path. */
  readonly norms: Readonly<Record<string, CertifiedNorm>>;
  /** Bound on Lip(g) of each residual block, by path: the product of its layers', see {@link Branch}. */
  readonly lipschitz: Readonly<Record<string, number>>;
}

export interface CertifyOptions extends CertifiedNormOptions {
  /** Told before each norm how many are done; awaited, so that a page can draw meanwhile. */
  readonly onProgress?: (done: number, total: number) => void | Promise<void>;
}

/** The weights in use, W/max(1, σ/c) in the engine's own arithmetic, by path, to be certified. */
export function weightsInUse(model: Pick<Certifiable, "scope">): Record<string, Tensor> {
  expectKind(model, "model", "weightsInUse");
  const { scope } = model;
  const ctx = new Context({ phase: "infer" });
  return Object.fromEntries(scope.norms.map((norm) => [norm.path, norm.normalised(ctx)]));
}

/**
 * Proves a bound on Lip(g) of each residual block: the product of its weights' certified norms, for
 * activations of slope at most 1.
 *
 * It holds for the maps of real numbers with exactly these weights, so that the rounding of the
 * normalisation is counted; the rounding of a network that applies them in float32 isn't.
 *
 * @param weights those in use by path of their norms, as {@link weightsInUse} gives them
 * @param options
 *   - `onProgress`: told before each norm; nobody unless given
 *   - `products`: see {@link certifiedNorm}
 * @throws {ShapeError} if a weight is missing or of another shape.
 * @throws {DataError} if one is NaN or infinite.
 */
export async function certifiedBounds(
  model: Certifiable,
  weights: Readonly<Record<string, NumberArray>>,
  options: CertifyOptions = {},
): Promise<Certificates> {
  expectKind(model, "model", "certifiedBounds");
  expectOptions(options, ["onProgress", "products"], "certifiedBounds");
  expectKind(weights, "record of arrays", "certifiedBounds");
  const { onProgress, ...proof } = options;
  const { scope, blocks } = model;
  const norms: Record<string, CertifiedNorm> = {};
  for (const [done, { path, kind }] of scope.norms.entries()) {
    await onProgress?.(done, scope.norms.length);
    const weight = weights[path];
    if (!weight) {
      throw new ShapeError(`certifiedBounds: expected a weight ${path}, got none`, { name: path });
    }
    norms[path] = certifiedNorm(weight, kind, proof);
  }
  await onProgress?.(scope.norms.length, scope.norms.length);
  const boundOf = (path: string): number => norms[path]?.bound ?? Infinity;
  const lipschitz = blocks.map(({ path, norms, inner = [] }): [string, number] => [
    path,
    [...norms.map(boundOf), ...inner.map((one) => Math.max(1, boundOf(one)))].reduce(
      (product, factor) => roundedUp(product * factor),
      1,
    ),
  ]);
  return { norms, lipschitz: Object.fromEntries(lipschitz) };
}
