import { expectKind } from "../border/kinds.js";
import type { Deviation } from "../data/index.js";
import {
  madeTable,
  type Column,
  type RowProblem,
  type Table,
  type TextColumn,
} from "../data/table.js";
import type { TablePredictions } from "./predict-table.js";
import type { TableScores } from "./score-table.js";

/**
 * Scores as a table to write: `line`, `log_p`, `score`, `p_value`, of a hybrid what
 * {@link predictionsAsTable} has, and in `note` why a row has no score, or has density 0. Numbers have
 * nine significant digits, which is all that float32 tells apart.
 */
export function scoresAsTable(scores: TableScores, predictions?: TablePredictions): Table {
  expectKind(scores, "table scores", "scoresAsTable");
  const { lines, logProb, score, pValue, problems, deviations } = scores;
  return tableOf("scores", lines, notesOf(problems, deviations), [
    results("log_p", logProb),
    results("score", score),
    results("p_value", pValue),
    ...(predictions ? predictionColumns(predictions) : []),
  ]);
}

/**
 * Predictions as a table to write: `line`, `class`, the probability `p(name)` of each class, and in
 * `note` why a row has none.
 */
export function predictionsAsTable(predictions: TablePredictions): Table {
  expectKind(predictions, "table predictions", "predictionsAsTable");
  const { lines, problems } = predictions;
  return tableOf("predictions", lines, notesOf(problems, []), predictionColumns(predictions));
}

function predictionColumns({ classes, probabilities, predicted }: TablePredictions): Column[] {
  return [
    { name: "class", kind: "text", dictionary: classes, codes: predicted },
    ...classes.map((name, place) =>
      results(
        `p(${name})`,
        Float64Array.from(predicted, (_, row) => probabilities[row * classes.length + place]!),
      ),
    ),
  ];
}

/** Notes by row. */
type Notes = ReadonlyMap<number, readonly string[]>;

function notesOf(problems: readonly RowProblem[], deviations: readonly Deviation[]): Notes {
  const notes = new Map<number, string[]>();
  const note = (row: number, text: string): void => {
    notes.set(row, [...(notes.get(row) ?? []), text]);
  };
  for (const { row, column, expected, got } of problems) {
    note(row, `${column === "" ? "" : `${column}: `}expected ${expected}, got ${got}`);
  }
  for (const { row, column, expected, got } of deviations) {
    note(row, `${column}: ${got}, where training rows had ${expected}`);
  }
  return notes;
}

function tableOf(
  name: string,
  lines: Float64Array,
  notes: Notes,
  columns: readonly Column[],
): Table {
  const places = new Map([...notes.keys()].map((row, place) => [row, place]));
  const note: TextColumn = {
    name: "note",
    kind: "text",
    dictionary: [...notes.values()].map((texts) => texts.join("; ")),
    codes: Int32Array.from(lines, (_, row) => places.get(row) ?? -1),
  };
  return madeTable(name, lines.length, [numbers("line", lines), ...columns, note], lines);
}

function results(name: string, values: Float64Array): Column {
  return numbers(
    name,
    values.map((value) => Number(value.toPrecision(9))),
  );
}

function numbers(name: string, values: Float64Array): Column {
  return { name, kind: "number", values };
}
