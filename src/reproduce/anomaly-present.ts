import { writeFileAtomic } from "../files/atomic-file.js";
import { deviation, mean } from "../measure/index.js";
import { dotPlot } from "../pictures/dot-plot.js";
import type { Table } from "../runs/report-html.js";
import { formatDuration, formatNumber } from "../text.js";
import { version } from "../version.js";
import { anomalyMethods, methodNames } from "./anomaly-result.js";
import type { AnomalyMethod, AnomalyPlan, SplitResult } from "./anomaly-result.js";
import type { ReproductionFolder } from "./folder.js";
import { aligned, savePresentation, type Presentation } from "./presentation.js";

/** A table's figures over its splits: areas under the ROC curve in %. */
interface TableSummary {
  readonly table: string;
  readonly rows: number;
  readonly columns: number;
  readonly outliers: number;
  readonly auroc: Readonly<Record<AnomalyMethod, number>>;
  /** Standard deviation of the first method's over the splits; null for one. */
  readonly deviation: number | null;
  /** Noises that the splits chose. */
  readonly noise: readonly number[];
}

/** Writes the table, the picture and the report of an anomaly detection that is complete. */
export async function presentAnomaly(
  plan: AnomalyPlan,
  results: readonly SplitResult[],
  folder: ReproductionFolder,
): Promise<Presentation> {
  const { command, ...settings } = plan;
  const names = [...new Set(results.map(({ table }) => table))];
  const tables = names.map((name) => summaryOf(results.filter(({ table }) => table === name)));
  const total = meansOf((method) => tables.map(({ auroc }) => auroc[method]));
  const value = { ...settings, tables, mean: total, results };
  const shown = tableOf(tables, total);
  const svg = dotPlot({
    title: "Outlier detection by table",
    x: { label: "AUROC (%)" },
    rows: names,
    series: methodNames.map((method) => ({
      name: anomalyMethods[method],
      values: tables.map(({ auroc }) => auroc[method]),
    })),
  });
  await writeFileAtomic(folder.picture("auroc.svg"), svg);
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
  const splits = plan.splits === 1 ? "one split" : `${plan.splits} splits`;
  const text = `Half of the normal rows train, unlabelled; the other half and all outliers are scored. Areas under the ROC curve in %, means over ${splits}, the same for all methods; neighbours and Mahalanobis on standardised columns.`;
  const report = {
    title: "table-anomaly",
    subtitle: `seed ${plan.seed}, ${splits} of ${names.length} tables, ${formatDuration(seconds)} of work, iresnet ${version}`,
    summary: methodNames.map((method) => ({
      label: `${anomalyMethods[method]}, mean AUROC`,
      value: total[method].toFixed(1),
      unit: "%",
    })),
    sections: [
      {
        heading: "Results",
        text,
        figures: [{ svg, caption: "One dot for each method; further right is better." }],
        table: shown,
      },
      { heading: "Splits", table: splitsOf(results) },
    ],
    config: settings,
    command,
  };
  return savePresentation(folder, value, report, [aligned(shown), text]);
}

function summaryOf(splits: readonly SplitResult[]): TableSummary {
  const { table, rows, columns, outliers } = splits[0]!;
  const percents = (method: AnomalyMethod): number[] =>
    splits.map(({ auroc }) => 100 * auroc[method]);
  return {
    table,
    rows,
    columns,
    outliers,
    auroc: meansOf(percents),
    deviation: splits.length > 1 ? deviation(percents("score")) : null,
    noise: splits.map(({ noise }) => noise),
  };
}

function meansOf(
  valuesOf: (method: AnomalyMethod) => readonly number[],
): Readonly<Record<AnomalyMethod, number>> {
  return {
    score: mean(valuesOf("score")),
    flow: mean(valuesOf("flow")),
    neighbours: mean(valuesOf("neighbours")),
    mahalanobis: mean(valuesOf("mahalanobis")),
  };
}

function tableOf(tables: readonly TableSummary[], total: TableSummary["auroc"]): Table {
  const areas = (auroc: TableSummary["auroc"]): string[] =>
    methodNames.map((method) => auroc[method].toFixed(1));
  const spread = tables.some((table) => table.deviation !== null);
  const row = (cells: readonly string[], deviation: string, noise: string): string[] => [
    ...cells,
    ...(spread ? [deviation] : []),
    noise,
  ];
  return {
    columns: [
      ...["table", "rows", "columns", "outliers"],
      ...methodNames.map((method) => anomalyMethods[method]),
      ...(spread ? ["± over splits"] : []),
      "noise",
    ],
    rows: [
      ...tables.map(({ table, rows, columns, outliers, auroc, deviation, noise }) =>
        row(
          [table, ...[rows, columns, outliers].map(String), ...areas(auroc)],
          deviation?.toFixed(1) ?? "",
          [...new Set(noise)].sort().map(formatNumber).join(", "),
        ),
      ),
      row(["mean", "", "", "", ...areas(total)], "", ""),
    ],
  };
}

function splitsOf(results: readonly SplitResult[]): Table {
  return {
    columns: [
      ...["table", "split"],
      ...methodNames.map((method) => anomalyMethods[method]),
      ...["noise", "held-out log p (nats)", "model of", "seconds"],
    ],
    rows: results.map(({ table, split, auroc, noise, logProb, isTrial, seconds }) => [
      table,
      split,
      ...methodNames.map((method) => (100 * auroc[method]).toFixed(1)),
      noise,
      logProb,
      isTrial ? "the trial" : "the whole training",
      Math.round(seconds),
    ]),
  };
}
