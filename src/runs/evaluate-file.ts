import { basename, join } from "node:path";
import { openTable } from "../data/readers/index.js";
import { fileSource } from "../data/readers/node-source.js";
import { UsageError } from "../errors.js";
import { writeFileAtomic } from "../files/atomic-file.js";
import {
  evaluateTable,
  tableKinds,
  type EvaluateTableOptions,
  type TableEvaluation,
} from "../tables/index.js";
import { version } from "../version.js";
import { describeTableEvaluation } from "./describe-table-evaluation.js";
import { counter, type Listener } from "./listener.js";
import { confusionCells } from "./describe.js";
import { reportHtml, type Section } from "./report-html.js";
import { introductionOf } from "./introduction.js";
import { writeJson } from "./run-folder.js";
import { classFigures, scoreFigures, type Figures } from "./table-figures.js";
import type { Trained } from "./trained.js";

export interface EvaluateFileOptions extends Pick<EvaluateTableOptions, "label" | "outlier"> {
  /** Path of the rows, or `-` for standard input. */
  readonly file: string;
  /** Folder to write to; `evaluation-NAME` in the run's unless given. */
  readonly out?: string | undefined;
  /** The command that does it, for the report. */
  readonly command: string;
}

/** An evaluation with what was written of it. */
export interface FileEvaluation {
  readonly evaluation: TableEvaluation;
  readonly report: string;
}

/**
 * Measures a table's run on another file, and writes `evaluation.json`, `report.html` and its pictures
 * into a folder: of a density the scores of normal rows and outliers, and with a label the ROC curve; of a
 * classifier its confusions and how well its probabilities are calibrated.
 *
 * @throws as {@link evaluateTable}, and {@link FileError} if a file can't be read or written.
 */
export async function evaluateFile(
  { run, runner }: Trained,
  options: EvaluateFileOptions,
  listener: Listener,
): Promise<FileEvaluation> {
  const { file, label, outlier, command } = options;
  const plan = runner.data?.table;
  if (!plan) {
    throw new UsageError(
      `${run.file}: expected a run on a table, got one of ${run.config.preset}; make one with: iresnet train --data FILE`,
    );
  }
  const name = file === "-" ? "standard input" : basename(file);
  const folder = options.out ?? usualFolder(run, name);
  const kinds = tableKinds(plan);
  const reader = await openTable(await fileSource(file), { kinds, invalid: "missing" });
  const { evaluation, scores } = await evaluateTable(runner, reader, {
    ...(label !== undefined && { label }),
    ...(outlier !== undefined && { outlier }),
    onProgress: counter(listener, { label: "evaluate", unit: "rows" }),
  });
  const [density, classes] = [scoreFigures(scores, evaluation), classFigures(evaluation)];
  for (const [picture, { svg }] of Object.entries({ ...density, ...classes })) {
    await writeFileAtomic(join(folder, picture), svg);
  }
  await writeJson(join(folder, "evaluation.json"), { run: run.file, file, ...evaluation });
  const report = join(folder, "report.html");
  const { summary, rows } = describeTableEvaluation(evaluation);
  await writeFileAtomic(
    report,
    reportHtml({
      title: `${run.config.data.name} on ${name}`,
      subtitle: `${run.config.model.kind} of ${run.file}, iresnet ${version}`,
      ...introductionOf(run.config.model.kind),
      summary,
      sections: [
        {
          heading: "Results",
          ...(evaluation.label && {
            text: `Outliers are the rows whose "${evaluation.label.column}" is "${evaluation.label.outlier}".`,
          }),
          figures: Object.values(density),
          table: { columns: ["quantity", "value"], rows },
        },
        ...classSections(evaluation, classes),
      ],
      config: { run: run.file, file, ...evaluation.label },
      command,
    }),
  );
  return { evaluation, report };
}

/** @throws {UsageError} if there is no run's folder. */
function usualFolder({ folder, file }: Trained["run"], name: string): string {
  if (folder) return join(folder.path, `evaluation-${name.replaceAll(/\W+/g, "-")}`);
  throw new UsageError(
    `--out: expected a folder for the evaluation, as ${file} has no run's folder, got none; name one`,
    { name: "out" },
  );
}

function classSections({ classification }: TableEvaluation, figures: Figures): Section[] {
  if (!classification) return [];
  const [columns, ...rows] = confusionCells(classification) ?? [];
  return [
    {
      heading: "Classes",
      text: "How often rows of each class, by row, were told to be of each, by column.",
      figures: Object.values(figures),
      ...(columns && { table: { columns: columns.map(String), rows } }),
    },
  ];
}
