import { expectKind } from "../border/kinds.js";
import { cellText } from "../data/cell-text.js";
import type { CategoryCodec, ColumnCodec, TablePlan } from "../data/index.js";
import type { Column, ColumnKind } from "../data/table.js";

/** A column that a model takes. */
export type KeptCodec = Exclude<ColumnCodec, { readonly kind: "omitted" }>;

export function keptColumns(columns: readonly ColumnCodec[]): KeptCodec[] {
  return columns.filter((codec): codec is KeptCodec => codec.kind !== "omitted");
}

/** Names of the numbers that codecs make of a row: see {@link featuresOf}. */
export function featureNames(columns: readonly ColumnCodec[]): string[] {
  return keptColumns(columns).flatMap(featuresOf);
}

/**
 * Names of the numbers that a codec makes of a cell: the column's, and whether the cell was missing;
 * or one for each level.
 */
export function featuresOf(codec: KeptCodec): string[] {
  const { name } = codec;
  const missing = `${name} is missing`;
  if (codec.kind !== "category") return codec.fill === undefined ? [name] : [name, missing];
  if (!codec.oneHot) return [name];
  return [
    ...codec.levels.map((level) => `${name} is ${level}`),
    ...(codec.missing ? [missing] : []),
  ];
}

/** What a column must be read as. */
export function cellKind(codec: KeptCodec): ColumnKind {
  return codec.kind === "category" ? (codec.cells ?? "text") : codec.kind;
}

/**
 * The kinds in which a file must be read to be encoded, for `openTable`'s `kinds`: what is detected
 * in a few rows may differ.
 */
export function tableKinds(plan: TablePlan): (name: string) => ColumnKind | undefined {
  expectKind(plan, "table plan", "tableKinds");
  const codecs = keptColumns([...plan.columns, ...plan.condition]);
  const kinds = new Map(
    [...codecs, ...labelOf(plan)].map((codec) => [codec.name, cellKind(codec)]),
  );
  return (name) => kinds.get(name);
}

/** The codec of the classes' column, if there is one. */
export function labelOf({ label }: TablePlan): CategoryCodec[] {
  return label ? [label] : [];
}

/** A column's cells as texts: those of numbers, true and false, and dates as a file would have them. */
export function textsOf(column: Column): (row: number) => string | undefined {
  if (column.kind === "text") return (row) => column.dictionary[column.codes[row]!];
  const { kind, values } = column;
  return (row) => (Number.isNaN(values[row]) ? undefined : cellText(kind, values[row]!));
}

/** Levels as a list for people. */
export function quoted(levels: readonly string[], most: number): string {
  const more = levels.length > most ? ` and ${levels.length - most} more` : "";
  return `${levels
    .slice(0, most)
    .map((level) => `"${level}"`)
    .join(", ")}${more}`;
}
