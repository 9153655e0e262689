import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { suggestion } from "../border/options.js";
import { dataNames, toyNames } from "../data/index.js";
import { UsageError } from "../errors.js";
import type { RunConfig } from "../runs/run-folder.js";
import {
  classificationRows,
  densityRows,
  estimatorRows,
  inversionRows,
  toyRows,
  type Row,
  type Rows,
} from "./rows.js";

/** A row to be trained on one data set. */
export interface Task {
  /** Its folder. */
  readonly id: string;
  readonly row: Row;
  readonly data: RunConfig["data"];
}

/** Rows of every reproduction. */
export const reproductions = {
  "table-classification": classificationRows,
  "table-density": densityRows,
  "figure-inversion": inversionRows,
  "figure-logdet": estimatorRows,
  "figure-toy": toyRows,
} as const satisfies Readonly<Record<string, Rows>>;

export type ReproductionName = keyof typeof reproductions;

export const reproductionNames = Object.keys(reproductions) as readonly ReproductionName[];

/** What the user wants a reproduction to be made of. */
export interface Wanted {
  /** A data set, or a folder with image sets. */
  readonly data?: string | undefined;
  /** Names of rows. */
  readonly rows?: readonly string[] | undefined;
}

/**
 * The runs that a reproduction is made of.
 * @throws {UsageError} if a row or the data don't exist for it.
 */
export function tasksOf(name: ReproductionName, wanted: Wanted): readonly Task[] {
  const all: Rows = reproductions[name];
  const { names, folder } = dataOf(name, Object.keys(all), wanted.data);
  return names.flatMap((data) => {
    const rows = all[data] ?? [];
    const taken = wanted.rows
      ? chosen(name, rows, wanted.rows)
      : rows.filter(({ isExtra }) => !isExtra);
    return taken.map((row) => ({
      id: names.length > 1 ? `${data}-${row.name}` : row.name,
      row,
      data: { name: data, folder },
    }));
  });
}

/** Those of the wanted names. @throws {UsageError} if there is none of a name, with the nearest one. */
export function chosen<T extends { readonly name: string }>(
  where: string,
  all: readonly T[],
  wanted: readonly string[],
): readonly T[] {
  const names = all.map(({ name }) => name);
  const unknown = wanted.find((one) => !names.includes(one));
  if (unknown === undefined) return all.filter(({ name }) => wanted.includes(name));
  throw new UsageError(
    `${where}: expected rows to be of ${names.join(", ")}, got "${unknown}"${suggestion(unknown, names) || "; name these, separated by commas"}`,
  );
}

/**
 * A name stands for the set in ./data; a folder of image sets, or of one, for the set it is called
 * after, or else the first. Without either, the figure of 2-D densities takes them all.
 */
function dataOf(
  name: ReproductionName,
  known: readonly string[],
  text: string | undefined,
): { readonly names: readonly string[]; readonly folder: string } {
  const folder = "data";
  const usual = name === "figure-toy" ? known : known.slice(0, 1);
  if (text === undefined) return { names: usual, folder };
  if (known.includes(text)) return { names: [text], folder };
  const isToy = (one: string): boolean => toyNames.some((toy) => toy === one);
  if (known.some(isToy) || dataNames().includes(text) || !existsSync(text)) {
    throw new UsageError(
      `${name}: expected data to be one of ${known.join(", ")}${known.some(isToy) ? "" : ", or a folder that holds them"}, got "${text}"${suggestion(text, known)}`,
    );
  }
  const called = known.filter((one) => one === basename(resolve(text)));
  return { names: called.length > 0 ? called : usual, folder: text };
}
