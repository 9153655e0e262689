import { expectKind } from "../border/kinds.js";
import { madeTable, textColumn, type Column, type Table } from "../data/table.js";
import type { PictureScores } from "./score-pictures.js";

/**
 * Scores as a table to write: `file`; of a density `log_p`, `bits_per_dim`, `png_bits`, `score`,
 * `p_value`; of a classifier `class`, `probability`; and in `note` why a file has none.
 */
export function pictureScoresAsTable(scores: PictureScores): Table {
  expectKind(scores, "picture scores", "pictureScoresAsTable");
  const { files, density, classes, problems } = scores;
  const notes = new Map(problems.map(({ file, message }) => [file, message]));
  return madeTable("scores", files.length, [
    texts("file", files),
    ...(density
      ? [
          number("log_p", density.logProb),
          number("bits_per_dim", density.bitsPerDim),
          number("png_bits", density.pngBits),
          number("score", density.score),
          number("p_value", density.pValue),
        ]
      : []),
    ...(classes ? [texts("class", classes.names), number("probability", classes.probability)] : []),
    texts(
      "note",
      files.map((file) => notes.get(file) ?? ""),
    ),
  ]);
}

/** Texts, of which empty ones are missing. */
function texts(name: string, values: readonly string[]): Column {
  return textColumn(
    name,
    values.map((value) => (value === "" ? undefined : value)),
  );
}

function number(name: string, values: Float64Array): Column {
  return { name, kind: "number", values };
}
