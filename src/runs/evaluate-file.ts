import { basename, join } from "node:path";
import { openTable } from "../data/readers/index.js";
import { fileSource } from "../data/readers/node-source.js";
import { UsageError } from "../errors.js";
import { writeFileAtomic } from "../files/atomic-file.js";
import { rocCurve } from "../measure/index.js";
import { histogram } from "../pictures/histogram.js";
import { linePlot } from "../pictures/line-plot.js";
import type { Point } from "../pictures/plane.js";
import {
  evaluateTable,
  tableKinds,
  type EvaluateTableOptions,
  type SortedScores,
  type TableEvaluation,
} from "../tables/index.js";
import { version } from "../version.js";
import { describeTableEvaluation } from "./describe-table-evaluation.js";
import type { Listener } from "./listener.js";
import { reportHtml } from "./report-html.js";
import { writeJson } from "./run-folder.js";
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

/** Points of a ROC curve that a picture needs. */
const mostPoints = 500;

/**
 * Measures a table's run on another file, and writes `evaluation.json`, `report.html` and its pictures
 * into a folder: the scores of normal rows and outliers, and with a label the ROC curve.
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
  const started = performance.now();
  const { evaluation, scores } = await evaluateTable(runner, reader, {
    ...(label !== undefined && { label }),
    ...(outlier !== undefined && { outlier }),
    onProgress: (done) => {
      const rate = (1000 * done) / (performance.now() - started);
      listener.progress({ label: "evaluate", done, unit: "rows", rate });
    },
  });
  const figures = figuresOf(scores, evaluation);
  for (const [picture, { svg }] of Object.entries(figures)) {
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
      summary,
      sections: [
        {
          heading: "Scores",
          ...(evaluation.label && {
            text: `Outliers are the rows whose "${evaluation.label.column}" is "${evaluation.label.outlier}".`,
          }),
          figures: Object.values(figures).map(({ svg, caption }) => ({
            kind: "svg",
            svg,
            caption,
          })),
          table: { columns: ["quantity", "value"], rows },
        },
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

function figuresOf(
  { normals, outliers }: SortedScores,
  { label }: TableEvaluation,
): Record<string, { readonly svg: string; readonly caption: string }> {
  const scores = {
    svg: histogram({
      title: "Anomaly scores",
      x: { label: "score (deviations)" },
      groups: [
        { name: label ? "normal rows" : "rows", values: normals },
        { name: "outliers", values: outliers },
      ],
    }),
    caption:
      "What part of each kind of row has which score: 0 for the usual row, higher for what is more unusual.",
  };
  if (!label) return { "scores.svg": scores };
  const roc = {
    svg: rocPlot(normals, outliers),
    caption:
      "The part of the outliers that is found against the part of the normal rows that is flagged with them, for every threshold of the score. The dashed line is chance.",
  };
  return { "scores.svg": scores, "roc.svg": roc };
}

function rocPlot(normals: Float64Array, outliers: Float64Array): string {
  const scores = concatenated(normals, outliers);
  const marks = Array.from(scores, (_, i) => i >= normals.length);
  const curve = rocCurve(scores, marks).map((point): Point => [
    100 * point.falsePositiveRate,
    100 * point.truePositiveRate,
  ]);
  const every = Math.ceil(curve.length / mostPoints);
  const points = curve.filter((_, i) => i % every === 0 || i === curve.length - 1);
  return linePlot({
    title: "ROC curve",
    x: { label: "normal rows flagged (%)" },
    y: { label: "outliers flagged (%)" },
    series: [
      { name: "anomaly score", points },
      {
        name: "chance",
        points: [
          [0, 0],
          [100, 100],
        ],
        dashed: true,
      },
    ],
  });
}

function concatenated(a: Float64Array, b: Float64Array): Float64Array {
  const all = new Float64Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
