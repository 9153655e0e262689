import { expectKind } from "../border/kinds.js";
import { UsageError } from "../errors.js";
import type { Classifier, Density, Model } from "../models/index.js";
import { Random } from "../random.js";

interface Abilities {
  readonly bijection: Model & Required<Pick<Model, "bijection">>;
  readonly density: Density;
  readonly classifier: Classifier;
}

/** What an ability is called, and models that have it. */
const abilities: Readonly<Record<keyof Abilities, { readonly name: string; readonly by: string }>> =
  {
    bijection: { name: "an inverse", by: "i-resnet-classifier or i-resnet-density" },
    density: { name: "a density", by: "i-resnet-density, glow or i-resnet-hybrid" },
    classifier: { name: "classes", by: "i-resnet-classifier, resnet or i-resnet-hybrid" },
  };

/**
 * The model with an ability that it must have.
 * @throws {UsageError} if it hasn't, naming models that have.
 */
export function expectAbility<A extends keyof Abilities>(
  model: Model,
  ability: A,
  where: string,
): Abilities[A] {
  expectKind(model, "model", where);
  if (has(model, ability)) return model;
  const { name, by } = abilities[ability];
  throw new UsageError(
    `${where}: expected a model with ${name}, got ${model.kind}, which has none; take one that has, such as ${by}`,
    { name: model.kind },
  );
}

function has<A extends keyof Abilities>(model: Model, ability: A): model is Abilities[A] {
  return ability === "density"
    ? model.density !== undefined && model.bijection !== undefined
    : model[ability] !== undefined;
}

/** @throws {UsageError} unless `value` is a whole number of at least `least`. */
export function expectWhole(value: number, least: number, what: string): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`${what}: expected a whole number of at least ${least}, got ${value}`);
}

/**
 * A key for each of `size` rows from `start` on: the row's place in all decides it alone.
 * @throws {UsageError} if `random` is no {@link Random}, or `first` no whole number.
 */
export function keysOf(
  { random = Random.fromSeed(0), first = 0 }: { readonly random?: Random; readonly first?: number },
  start: number,
  size: number,
  where: string,
): Random[] {
  expectKind(random, "random", where);
  const at = expectWhole(first, 0, `${where}: first`) + start;
  return Array.from({ length: size }, (_, row) => random.split(at + row));
}
