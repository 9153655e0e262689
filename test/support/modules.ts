import { evaluate } from "../../src/engine/reference.js";
import { topologicalOrder, type Tensor } from "../../src/graph/index.js";
import type { Context, Scope } from "../../src/nn/index.js";
import { Random } from "../../src/random.js";
import { sizeOf } from "../../src/tree.js";
import { normals, type Feeds, type Values } from "./values.js";

/**
 * Numbers for every variable: the initial ones, disturbed so that none is special, weights large
 * enough to exceed their bounds, and u and v after enough power iterations to have settled.
 */
export function settledFeeds(scope: Scope, { gain = 4, iterations = 400 } = {}): Feeds {
  const initial = scope.initialArrays(Random.fromSeed(1));
  const feeds: Record<string, Values> = {};
  for (const { name, kind, decay } of scope.variables) {
    const { shape, data } = initial[name]!;
    const noise = normals(name, shape, 0.2);
    const value = (x: number, i: number): number => (decay ? gain : 1) * x + noise.data[i]!;
    feeds[name] = { shape, data: kind === "state" ? data : Float64Array.from(data, value) };
  }
  return settled(scope, feeds, iterations);
}

/** The feeds with u and v after `iterations` more power iterations. */
export function settled(scope: Scope, feeds: Feeds, iterations = 400): Feeds {
  const perRound = Math.min(iterations, 20);
  const outputs: Record<string, Tensor> = {};
  const nameOf = (variable: Tensor): string =>
    scope.variables.find(({ tensor }) => tensor === variable)!.name;
  for (const norm of scope.norms) {
    const { u, v } = norm.iterate(perRound);
    outputs[nameOf(norm.u)] = u;
    outputs[nameOf(norm.v)] = v;
  }
  let now = feeds;
  for (let i = 0; i < iterations; i += perRound) now = { ...now, ...evaluate(outputs, now) };
  return now;
}

/** Seeded numbers for the noise that a traced graph asks for. */
export function noiseFeeds(ctx: Context, outputs: Iterable<Tensor>, seed = 1): Feeds {
  const feeds: Record<string, Values> = {};
  for (const { op, attributes, shape } of topologicalOrder(outputs)) {
    const kind = op === "input" ? ctx.noises[attributes.name] : undefined;
    if (op !== "input" || !kind) continue;
    const random = Random.fromSeed(seed).split(attributes.name);
    feeds[attributes.name] = { shape, data: random[kind](sizeOf(shape)) };
  }
  return feeds;
}

/** The parameters of a module as inputs of the graph, by name. */
export function parametersOf(scope: Scope): Record<string, Tensor> {
  return Object.fromEntries(
    scope.variables
      .filter(({ kind }) => kind === "parameter")
      .map(({ name, tensor }) => [name, tensor]),
  );
}
