import { expectKind } from "../border/kinds.js";
import type { Deviation } from "../data/index.js";
import type { CellProblem, Column, Table, TextColumn } from "../data/table.js";
import type { TablePredictions } from "./predict-table.js";
import type { TableScores } from "./score-table.js";

/**
 * Scores as a table to write: `line`, `log_p`, `score`, `p_value`, of a hybrid what
 * {@link predictionsAsTable} has, and in `note` why a row has no score, or has density 0.
 */
export function scoresAsTable(scores: TableScores, predictions?: TablePredictions): Table {
  expectKind(scores, "table scores", "scoresAsTable");
  const { lines, logProb, score, pValue, problems, deviations } = scores;
  return tableOf("scores", lines, notesOf(problems, deviations), [
    numbers("log_p", logProb),
    numbers("score", score),
    numbers("p_value", pValue),
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
      numbers(
        `p(${name})`,
        Float64Array.from(predicted, (_, row) => probabilities[row * classes.length + place]!),
      ),
    ),
  ];
}

/** Notes by line. */
type Notes = ReadonlyMap<number, readonly string[]>;

function notesOf(
  problems: readonly CellProblem[],
  deviations: readonly (Deviation & { readonly line: number })[],
): Notes {
  const notes = new Map<number, string[]>();
  const note = (line: number, text: string): void => {
    notes.set(line, [...(notes.get(line) ?? []), text]);
  };
  for (const { line, column, expected, got } of problems) {
    note(line, `${column === "" ? "" : `${column}: `}expected ${expected}, got ${got}`);
  }
  for (const { line, column, expected, got } of deviations) {
    note(line, `${column}: ${got}, where training rows had ${expected}`);
  }
  return notes;
}

function tableOf(
  name: string,
  lines: Float64Array,
  notes: Notes,
  columns: readonly Column[],
): Table {
  const places = new Map([...notes.keys()].map((line, place) => [line, place]));
  const note: TextColumn = {
    name: "note",
    kind: "text",
    dictionary: [...notes.values()].map((texts) => texts.join("; ")),
    codes: Int32Array.from(lines, (line) => places.get(line) ?? -1),
  };
  return {
    name,
    rows: lines.length,
    columns: [numbers("line", lines), ...columns, note],
    lines,
    problems: [],
    warnings: [],
  };
}

function numbers(name: string, values: Float64Array): Column {
  return { name, kind: "number", values };
}
