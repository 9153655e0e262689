import { compile, type Compiled } from "../engine/compile.js";
import type { Engine, Store } from "../engine/engine.js";
import { LipschitzError } from "../errors.js";
import { reshape, type Tensor } from "../graph/index.js";
import type { SpectralNorm } from "../nn/index.js";
import { Random } from "../random.js";
import { ndarray, sizeOf, type Arrays } from "../tree.js";
import type { Model } from "./model.js";

/**
 * Estimated operator norms of the weights in use, after normalisation, by path, rounded up by
 * 0.2 %.
 */
export type Norms = Readonly<Record<string, number>>;

const iterationsPerRound = 10;
/** Before these, a start near a smaller singular value looks settled. */
const fewestRounds = 20;
const mostRounds = 200;
/** Relative change over a round below which a norm counts as settled. */
const tolerance = 1e-5;
/**
 * Added to reported norms, relatively. Power iteration approaches from below, and where singular
 * values lie close it stops short: from one start by up to 1.2·10⁻³, for the weights of two trained
 * networks and against 5,000 more iterations.
 */
const slack = 2e-3;

/**
 * Runs power iteration on every weight until its norm settles, and stores u and v: a model whose
 * vectors lag behind its weights has larger norms than it believes. Do this before inference.
 *
 * It starts twice, from the stored vectors and from noise, and keeps the larger norm: vectors that
 * followed a singular value while it was the largest stay with it once another has outgrown it.
 *
 * @returns an estimate of the norm of each normalised weight, rounded up by 0.2 %.
 * @throws {LipschitzError} if a norm still changes by more than 10⁻⁵ in 10 iterations after 2,000.
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
  try {
    const warm = await settle(round, store);
    const vectors = await store.read(norms.flatMap(vectorNames));
    await store.write(noiseFor(norms));
    const cold = await settle(round, store);
    const kept = norms.filter(({ path }) => warm[path]! >= cold[path]!).flatMap(vectorNames);
    await store.write(Object.fromEntries(kept.map((name) => [name, vectors[name]!])));
    return Object.fromEntries(
      norms.map(({ path, c = Infinity }) => [
        path,
        Math.min(Math.max(warm[path]!, cold[path]!), c) * (1 + slack),
      ]),
    );
  } finally {
    await round.close();
  }
}

/** Runs rounds until every norm settles, and gives them. */
async function settle(round: Compiled, store: Store): Promise<Readonly<Record<string, number>>> {
  const prepared = round.prepare({});
  let before: Readonly<Record<string, number>> = {};
  for (let i = 1; i <= mostRounds; i++) {
    const results = await round.run(prepared, store);
    const now = Object.fromEntries(
      Object.entries(results).map(([path, sigma]) => [path, sigma.data[0]!]),
    );
    const isSettled = Object.entries(now).every(
      ([path, sigma]) => Math.abs(sigma - (before[path] ?? Infinity)) <= tolerance * sigma,
    );
    if (isSettled && i >= fewestRounds) return now;
    before = now;
  }
  throw new LipschitzError(
    `convergeNorms: expected every weight's norm to settle within ${mostRounds * iterationsPerRound} power iterations, got one that didn't; the weights may hold NaN`,
  );
}

const vectorNames = ({ u, v }: SpectralNorm): string[] => [u.attributes.name, v.attributes.name];

function noiseFor(norms: readonly SpectralNorm[]): Arrays {
  const random = Random.fromSeed(0).split("convergeNorms");
  return Object.fromEntries(
    norms
      .flatMap(({ u, v }) => [u, v])
      .map(({ attributes: { name }, shape }) => [
        name,
        ndarray(random.split(name).normal(sizeOf(shape)), shape),
      ]),
  );
}

/**
 * Bound on Lip(g) of each residual block, by path: the product of its layers' norms, and an
 * estimate as far as they are.
 */
export function lipschitzBounds(model: Model, norms: Norms): Readonly<Record<string, number>> {
  return Object.fromEntries(
    model.blocks.map((block) => [
      block.path,
      block.norms.reduce((product, path) => product * (norms[path] ?? Infinity), 1),
    ]),
  );
}

/**
 * Fixed-point iterations after which the error of a block's inverse is at most `accuracy` times its
 * first step: the smallest n with Lⁿ/(1 − L) ≤ accuracy. `undefined` unless L < 1.
 *
 * @see Behrmann et al. 2019, section 2.2, https://arxiv.org/abs/1811.00995
 */
export function plannedIterations(lipschitz: number, accuracy: number): number | undefined {
  if (!(lipschitz < 1)) return undefined;
  return Math.max(1, Math.ceil(Math.log(accuracy * (1 - lipschitz)) / Math.log(lipschitz)));
}
