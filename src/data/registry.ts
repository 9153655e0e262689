import { expectKind } from "../border/kinds.js";
import { expectNew, expectOneOf } from "../border/options.js";
import { UsageError } from "../errors.js";
import type { DataSet } from "./data-set.js";
import { imageSetNames } from "./image-set-name.js";
import { toyData } from "./toy-data.js";
import { toyNames } from "./toy.js";

/** Where a source finds what it needs. */
export interface OpenDataOptions {
  /** Folder of the data sets; the current one unless given. */
  readonly folder?: string;
}

/** A data set by name, as `openData` and the command line find it. */
export interface DataSource {
  readonly name: string;
  open(options: OpenDataOptions): DataSet | Promise<DataSet>;
}

const registered: DataSource[] = [];

/**
 * Makes a data set known by its name.
 * @throws {UsageError} if there is one of that name.
 */
export function registerDataSource(source: DataSource): void {
  expectKind(source, "data source", "registerDataSource");
  expectNew(source.name, dataNames(), "registerDataSource");
  registered.push(source);
}

/** Names of every data set: image sets, which need files, then toy densities, then registered ones. */
export function dataNames(): readonly string[] {
  return [...imageSetNames, ...toyNames, ...registered.map(({ name }) => name)];
}

/** @throws {UsageError} if there is no data set of this name, with the nearest one. */
export function expectDataName(name: string, what = "openData: name"): string {
  return expectOneOf(name, dataNames(), what);
}

/**
 * A folder is only given for data that are read: toy densities are drawn.
 * @param what names the option in the message, such as `--data-dir`
 * @throws {UsageError} if the set is a toy density.
 */
export function expectReadFrom(name: string, what: string): void {
  if (!toyNames.some((toy) => toy === name)) return;
  throw new UsageError(
    `${what}: expected data that are read from files, got ${name}, which is drawn; leave it out`,
    { name },
  );
}

/** A data set that needs no file of ours; `undefined` for an image set. */
export function findSource(name: string): DataSource | undefined {
  const toy = toyNames.find((known) => known === name);
  if (toy !== undefined) return { name, open: () => toyData(toy) };
  return registered.find((source) => source.name === name);
}
