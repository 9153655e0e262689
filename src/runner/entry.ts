import { expectKind } from "../border/kinds.js";
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

/** Options that decide the noise of rows. */
export interface NoiseOptions {
  /** Source of the noise, seed 0 unless given: the row in place p draws from `random.split(p)` alone. */
  readonly random?: Random;
  /** Place of the first row where rows come in several calls; 0 unless given. */
  readonly first?: number;
  /** Place of each row where they don't follow one another; `first`, `first` + 1, ... unless given. */
  readonly places?: ArrayLike<number>;
}

/**
 * A key for each of `size` rows from `start` on: the row's place in all decides it alone.
 * @throws {UsageError} if `random` is no {@link Random}, or `first` no whole number.
 */
export function keysOf(
  { random = Random.fromSeed(0), first = 0, places }: NoiseOptions,
  start: number,
  size: number,
  where: string,
): Random[] {
  expectKind(random, "random", where);
  const at = expectWhole(first, ranges.place, `${where}: first`) + start;
  // Rows that only fill a batch have no place of their own.
  const placeOf = (row: number): number => (places ? (places[start + row] ?? 0) : at + row);
  return Array.from({ length: size }, (_, row) => random.split(placeOf(row)));
}

/** @throws {UsageError} unless there is a whole number for each row. */
export function expectPlaces({ places, first }: NoiseOptions, count: number, where: string): void {
  if (places === undefined) return;
  const bad = Array.from(places).find((place) => !Number.isSafeInteger(place));
  const got =
    first !== undefined
      ? "first beside it"
      : places.length !== count
        ? `${places.length}`
        : bad === undefined
          ? undefined
          : String(bad);
  if (got === undefined) return;
  throw new UsageError(
    `${where}: expected places to be a whole number for each of ${count} rows, got ${got}`,
    { name: "places" },
  );
}
