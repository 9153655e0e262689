import { compile } from "../engine/compile.js";
import type { Engine, Store } from "../engine/engine.js";
import { LipschitzError } from "../errors.js";
import { reshape, type Tensor } from "../graph/index.js";
import type { Model } from "./model.js";

/** Operator norms of the weights in use, after normalisation, by path, rounded up by 0.1 %. */
export type Norms = Readonly<Record<string, number>>;

const iterationsPerRound = 5;
const mostRounds = 400;
/** Relative change over a round below which a norm counts as settled. */
const tolerance = 1e-5;
/**
 * Added to reported norms, relatively. Power iteration approaches from below, and where singular
 * values lie close it stops short by up to 7·10⁻⁴ (measured against the SVD).
 */
const slack = 1e-3;

/**
 * Runs power iteration on every weight until its norm settles, and stores u and v: a model whose
 * vectors lag behind its weights has larger norms than it believes. Do this before inference.
 *
 * @returns the norm of each normalised weight, rounded up by 0.1 %.
 * @throws {LipschitzError} if a norm still changes by more than 10⁻⁵ in 5 iterations after 2,000.
 */
export async function convergeNorms(engine: Engine, model: Model, store: Store): Promise<Norms> {
  const { norms } = model.scope;
  if (norms.length === 0) return {};
  const round = compile(engine, () => {
    const outputs: Record<string, Tensor> = {};
    const updates: Record<string, Tensor> = {};
    for (const norm of norms) {
      const { u, v, sigma } = norm.iterate(iterationsPerRound);
      outputs[norm.path] = reshape(sigma, []);
      updates[norm.u.attributes.name] = u;
      updates[norm.v.attributes.name] = v;
    }
    return { outputs, updates };
  });
  const prepared = round.prepare({});
  let before: Norms = {};
  for (let i = 0; i < mostRounds; i++) {
    const result = await round.run(prepared, store);
    const now = Object.fromEntries(
      Object.entries(result).map(([path, sigma]) => [path, sigma.data[0]!]),
    );
    const unsettled = norms.find(
      ({ path }) => !(Math.abs(now[path]! - (before[path] ?? 0)) <= tolerance * now[path]!),
    );
    if (!unsettled) {
      await round.release();
      return Object.fromEntries(
        norms.map(({ path, c }) => [path, Math.min(now[path]!, c ?? Infinity) * (1 + slack)]),
      );
    }
    before = now;
  }
  throw new LipschitzError(
    `convergeNorms: expected every weight's norm to settle within ${mostRounds * iterationsPerRound} power iterations, got one that didn't; the weights may hold NaN`,
  );
}

/** Bound on Lip(g) of each residual block, by path: the product of its layers' norms. */
export function lipschitzBounds(model: Model, norms: Norms): Readonly<Record<string, number>> {
  return Object.fromEntries(
    model.blocks.map((block) => [
      block.path,
      block.norms.reduce((product, path) => product * (norms[path] ?? Infinity), 1),
    ]),
  );
}
