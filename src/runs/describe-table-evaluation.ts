import type { TableEvaluation } from "../tables/index.js";
import { formatNumber, plusMinus } from "../text.js";
import { classificationRows, type Described } from "./describe.js";
import type { SummaryItem } from "./report-html.js";

/** What a person wants to know of an evaluation on a file of rows: at a glance, and all of it. */
export function describeTableEvaluation(evaluation: TableEvaluation): {
  readonly summary: readonly SummaryItem[];
  readonly rows: readonly Described[];
} {
  const { rows, unscored, logProb, detection, classification } = evaluation;
  return {
    summary: [
      ...(detection
        ? [{ label: "AUROC", value: (100 * detection.auroc).toFixed(2), unit: "%" }]
        : []),
      ...(classification
        ? [{ label: "error", value: classification.errorPercent.toFixed(2), unit: "%" }]
        : []),
      { label: "rows", value: rows },
      { label: "rows without a score", value: unscored },
      ...(typeof logProb === "number"
        ? [{ label: "log-likelihood", value: logProb.toFixed(3), unit: "nats a row" }]
        : []),
    ],
    rows: [
      ["rows", String(rows)],
      ["not scored", String(unscored)],
      ...densityRows(evaluation),
      ...classRows(evaluation),
    ],
  };
}

function densityRows(evaluation: TableEvaluation): readonly Described[] {
  const { rows, unscored, deviating, logProb, standardError, label, detection } = evaluation;
  if (logProb === undefined) return [];
  const likelihood =
    logProb === null
      ? "none: no row has a density above 0"
      : `${typeof standardError === "number" ? plusMinus(logProb, standardError) : formatNumber(logProb)} nats a row`;
  const flagged = detection
    ? detection.rates.map(({ rate, detected, falseAlarms }): Described => [
        `flagged by p <= ${rate}`,
        `${percent(detected)} of the outliers, ${percent(falseAlarms)} of the normal rows`,
      ])
    : (evaluation.flagged ?? []).map(({ rate, rows: count }): Described => [
        `flagged by p <= ${rate}`,
        `${percent(count / (rows - unscored))} of the rows`,
      ]);
  return [
    ["unlike anything in training", String(deviating ?? 0)],
    ["log-likelihood", likelihood],
    ...(label && detection
      ? ([
          ["outliers", `${detection.outliers}: "${label.column}" is "${label.outlier}"`],
          ["normal rows", String(detection.normals)],
          ["rows without a label", String(label.unlabelled)],
          ["AUROC", `${(100 * detection.auroc).toFixed(2)} %`],
        ] as const)
      : []),
    ...flagged,
  ];
}

function classRows({ classification }: TableEvaluation): readonly Described[] {
  if (!classification) return [];
  const { column, examples, unlabelled } = classification;
  return [
    ["rows of a known class", `${examples}, by "${column}"`],
    ["rows of no known class", String(unlabelled)],
    ...classificationRows(classification),
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
