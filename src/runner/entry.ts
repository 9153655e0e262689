import { expectWhole, ranges } from "../border/ranges.js";
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
  if (!((random as unknown) instanceof Random)) {
    throw new UsageError(`${where}: expected random to be a Random, such as Random.fromSeed(1)`, {
      name: "random",
    });
  }
  const at = expectWhole(first, ranges.place, `${where}: first`) + start;
  return Array.from({ length: size }, (_, row) => random.split(at + row));
}
