import type { TableEvaluation } from "../tables/index.js";
import { formatNumber, plusMinus } from "../text.js";
import type { SummaryItem } from "./report-html.js";

/** What a person wants to know of an evaluation on a file of rows: at a glance, and all of it. */
export function describeTableEvaluation(evaluation: TableEvaluation): {
  readonly summary: readonly SummaryItem[];
  readonly rows: readonly (readonly [label: string, text: string])[];
} {
  const { rows, unscored, deviating, logProb, standardError, label, detection } = evaluation;
  const likelihood =
    logProb === null
      ? "none: no row has a density above 0"
      : `${standardError === null ? formatNumber(logProb) : plusMinus(logProb, standardError)} nats a row`;
  const flagged = detection
    ? detection.rates.map(({ rate, detected, falseAlarms }): [string, string] => [
        `flagged by p <= ${rate}`,
        `${percent(detected)} of the outliers, ${percent(falseAlarms)} of the normal rows`,
      ])
    : (evaluation.flagged ?? []).map(({ rate, rows: count }): [string, string] => [
        `flagged by p <= ${rate}`,
        `${percent(count / (rows - unscored))} of the rows`,
      ]);
  return {
    summary: [
      ...(detection
        ? [{ label: "AUROC", value: (100 * detection.auroc).toFixed(2), unit: "%" }]
        : []),
      { label: "rows", value: rows },
      { label: "rows without a score", value: unscored },
      ...(logProb === null
        ? []
        : [{ label: "log-likelihood", value: logProb.toFixed(3), unit: "nats a row" }]),
    ],
    rows: [
      ["rows", String(rows)],
      ["not scored", String(unscored)],
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
    ],
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
