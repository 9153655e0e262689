import { expectKind } from "../border/kinds.js";
import { compile, type Compiled } from "../engine/compile.js";
import type { Engine, Store } from "../engine/engine.js";
import { LipschitzError } from "../errors.js";
import { reshape, type Tensor } from "../graph/index.js";
import { normSlack, type BoundedWeight } from "../nn/index.js";
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

/** Settled norms of the weights as they are stored, before normalisation, by path. */
export type SettledNorms = Readonly<Record<string, number>>;

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
export async function convergeNorms(
  engine: Engine,
  model: Pick<Model, "scope">,
  store: Store,
): Promise<Norms> {
  expectKind(engine, "engine", "convergeNorms");
  expectKind(model, "model", "convergeNorms");
  return normsInUse(model, await settleNorms(engine, model, store));
}

/** The norms of the weights in use, of those of the stored ones. */
export function normsInUse({ scope }: Pick<Model, "scope">, stored: SettledNorms): Norms {
  return Object.fromEntries(
    scope.norms.map(({ path, c = Infinity }) => [
      path,
      Math.min(stored[path]!, c) * (1 + normSlack),
    ]),
  );
}

/**
 * As {@link convergeNorms}, for the norms of the weights as they are stored.
 * @param known what they are said to have settled to, with the stored vectors: if an iteration finds
 *   them there, it is the only one
 */
export async function settleNorms(
  engine: Engine,
  { scope: { norms } }: Pick<Model, "scope">,
  store: Store,
  known?: SettledNorms,
): Promise<SettledNorms> {
  if (norms.length === 0) return {};
  if (known && (await areSettled(engine, norms, store, known))) return known;
  const round = iterations(engine, norms, iterationsPerRound);
  try {
    const warm = await settle(round, store);
    const vectors = await store.read(norms.flatMap(vectorNames));
    await store.write(noiseFor(norms));
    const cold = await settle(round, store);
    const kept = norms.filter(({ path }) => warm[path]! >= cold[path]!).flatMap(vectorNames);
    await store.write(Object.fromEntries(kept.map((name) => [name, vectors[name]!])));
    return Object.fromEntries(norms.map(({ path }) => [path, Math.max(warm[path]!, cold[path]!)]));
  } finally {
    await round.close();
  }
}

/** So many iterations on each weight, which give its norm. */
function iterations(engine: Engine, norms: readonly BoundedWeight[], count: number): Compiled {
  return compile(engine, () => {
    const outputs: Record<string, Tensor> = {};
    const updates: Record<string, Tensor> = {};
    for (const norm of norms) {
      const { u, v, sigma } = norm.iterate(count);
      outputs[norm.path] = reshape(sigma, []);
      updates[norm.u.attributes.name] = u;
      updates[norm.v.attributes.name] = v;
    }
    return { outputs, updates };
  });
}

/** Whether one iteration on the stored vectors gives the norms that are known. */
async function areSettled(
  engine: Engine,
  norms: readonly BoundedWeight[],
  store: Store,
  known: SettledNorms,
): Promise<boolean> {
  const iteration = iterations(engine, norms, 1);
  try {
    const found = await iteration.call({}, { store });
    return norms.every(({ path }) => {
      const sigma = found[path]!.data[0]!;
      return Math.abs(sigma - (known[path] ?? Infinity)) <= tolerance * sigma;
    });
  } finally {
    await iteration.close();
  }
}

/** Runs rounds until every norm settles, and gives them. */
async function settle(round: Compiled, store: Store): Promise<Readonly<Record<string, number>>> {
  const prepared = round.prepare({});
  let before: Readonly<Record<string, number>> = {};
  let unsettled: string | undefined;
  for (let i = 1; i <= mostRounds; i++) {
    const results = await round.run(prepared, store);
    const now = Object.fromEntries(
      Object.entries(results).map(([path, sigma]) => [path, sigma.data[0]!]),
    );
    const isSettled = (path: string): boolean =>
      Math.abs(now[path]! - (before[path] ?? Infinity)) <= tolerance * now[path]!;
    if (i >= fewestRounds && Object.keys(now).every(isSettled)) return now;
    unsettled = Object.keys(now).find((path) => !isSettled(path));
    before = now;
  }
  throw new LipschitzError(
    `convergeNorms: expected every weight's norm to settle within ${mostRounds * iterationsPerRound} power iterations, got ${unsettled ?? "one"}, which didn't; the weights may hold NaN`,
    { tolerance, ...(unsettled !== undefined && { block: unsettled }) },
  );
}

const vectorNames = ({ u, v }: BoundedWeight): string[] => [u.attributes.name, v.attributes.name];

function noiseFor(norms: readonly BoundedWeight[]): Arrays {
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
