import { cellText } from "../data/cell-text.js";
import type { Column, ColumnKind, Table } from "../data/table.js";
import type { RowExplanation } from "./explain-table.js";

/** Columns named for each row. */
export const mostNamed = 3;

/**
 * Explanations as columns to write: `because_1` is the column whose change lowers a row's score most,
 * `drop_1` by how much, and `usual_1` the value that it would have then; and so on up to the third.
 * They are empty for other rows.
 */
export function explanationColumns(
  explanations: readonly RowExplanation[],
  { rows, columns }: Table,
): Column[] {
  const kinds = new Map(columns.map(({ name, kind }) => [name, kind]));
  return Array.from({ length: mostNamed }, (_, at) => at).flatMap((at): Column[] => {
    const named = explanations.flatMap(({ row, columns }) => {
      const explained = columns[at];
      return explained ? [{ row, ...explained }] : [];
    });
    const drops = new Float64Array(rows).fill(NaN);
    for (const { row, drop } of named) drops[row] = Number(drop.toPrecision(6));
    const texts = (name: string, text: (one: (typeof named)[number]) => string): Column => {
      const codes = new Int32Array(rows).fill(-1);
      named.forEach(({ row }, code) => (codes[row] = code));
      return { name, kind: "text", codes, dictionary: named.map(text) };
    };
    return [
      texts(`because_${at + 1}`, ({ column }) => column),
      { name: `drop_${at + 1}`, kind: "number", values: drops },
      texts(`usual_${at + 1}`, ({ column, usual }) => usualText(usual, kinds.get(column))),
    ];
  });
}

function usualText(usual: number | string | null, kind: ColumnKind | undefined): string {
  if (usual === null) return "empty";
  if (typeof usual === "string") return usual;
  if (kind === "date" || kind === "boolean") return cellText(kind, usual);
  return Number.isInteger(usual) ? String(usual) : String(Number(usual.toPrecision(6)));
}
