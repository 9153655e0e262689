import type {
  Classification,
  ClassifierEvaluation,
  DensityEvaluation,
  Evaluation,
  Reconstruction,
} from "../measure/index.js";
import { formatNumber, plusMinus, table } from "../text.js";
import type { SavedConfig } from "./run-folder.js";

/** A quantity with its value in words. */
export type Described = readonly [label: string, text: string];

/** The evaluation as aligned lines. */
export function evaluationText(evaluation: Evaluation): string {
  const rows = table(evaluationRows(evaluation));
  const told = classificationOf(evaluation);
  const confusion = told && confusionText(told);
  return confusion === undefined ? rows : `${rows}\n\n${confusion}`;
}

/** How the likelihood of an evaluation differs from that which training on a table printed, if it does. */
export function choosingText(
  fitted: SavedConfig["table"],
  { split }: Evaluation,
): string | undefined {
  if (fitted?.choosing === undefined || fitted.choosing === fitted.heldOut) return undefined;
  if (split !== "validation") return undefined;
  const { choosing, heldOut, logProb } = fitted;
  return `Training printed ${formatNumber(logProb)} nats a row, the log-likelihood of the ${choosing} held-out rows that chose this model. The figures here are of all ${heldOut}.`;
}

/** How often classes were told to be which, as aligned lines, where they are few. */
export function confusionText(classification: Classification): string | undefined {
  const cells = confusionCells(classification);
  return cells && table(cells.map((row) => row.map(String)));
}

/** Most classes whose confusions a person wants to see. */
const mostShown = 12;

/** What an evaluation says of classes, if its model tells them. */
export function classificationOf(evaluation: Evaluation): Classification | undefined {
  if (evaluation.task === "density") return undefined;
  return evaluation.task === "hybrid" ? evaluation.classification : evaluation;
}

/** How often each class was told to be each, with names, where they are few. */
export function confusionCells({ confusion }: Classification): (string | number)[][] | undefined {
  if (!confusion || confusion.classes.length > mostShown) return undefined;
  const { classes, counts } = confusion;
  return [["class \\ told", ...classes], ...counts.map((row, place) => [classes[place]!, ...row])];
}

/** What a person wants to know of an evaluation. */
export function evaluationRows(evaluation: Evaluation): readonly Described[] {
  if (evaluation.task === "hybrid") {
    const [examples, ...density] = evaluationRows(evaluation.density);
    return [
      examples!,
      ...evaluationRows(evaluation.classification).slice(1),
      ...density,
      ["objective", `${formatNumber(evaluation.objective)} nats`],
    ];
  }
  const count = `${evaluation.examples.toLocaleString("en-US")} (${evaluation.split}, all)`;
  if (evaluation.task === "classification") {
    return [["examples", count], ...classificationRows(evaluation), ...augmentedRows(evaluation)];
  }
  const { value, standardError, unit, dimensions, probeSpread, biasBound, logDet } = evaluation;
  return [
    ["examples", count],
    [
      "negative log-likelihood",
      `${plusMinus(value, standardError)} ${unit} over ${dimensions} dims (standard error over examples)`,
    ],
    ["log-determinant", logDetText(evaluation)],
    [
      "spread over probes",
      probeSpread === null
        ? "not measured; take 2 probes or more"
        : `${formatNumber(probeSpread)} ${unit} (deviation of the mean, ${evaluation.probes} probes)`,
    ],
    [
      "truncation bias",
      biasBound === null
        ? "unbounded: a block's Lipschitz bound isn't below 1"
        : logDet === "series"
          ? `at most ${formatNumber(biasBound)} ${unit}`
          : "none: nothing is truncated",
    ],
  ];
}

/** What a person wants to know of how well classes are told. */
export function classificationRows(classification: Classification): Described[] {
  const { errors, errorPercent, errorStandardError, nll, nllStandardError } = classification;
  const either = (error: number | undefined): string =>
    error === undefined ? "" : ` ± ${error.toFixed(2)}`;
  const { calibration } = classification;
  const calibrated: Described[] = calibration
    ? [
        [
          "calibration error",
          `${(100 * calibration.error).toFixed(2)} % between probabilities and how often they are right`,
        ],
      ]
    : [];
  return [
    ["error", `${errorPercent.toFixed(2)}${either(errorStandardError)} % (${errors} wrong)`],
    [
      "-log p(class | x)",
      `${nllStandardError === undefined ? formatNumber(nll) : plusMinus(nll, nllStandardError)} nats`,
    ],
    ...calibrated,
  ];
}

function augmentedRows({ augmented }: ClassifierEvaluation): readonly Described[] {
  if (!augmented) return [];
  const { views, errorPercent, errors, nll } = augmented;
  return [
    [
      `error by ${views} views`,
      `${errorPercent.toFixed(2)} % (${errors} wrong), ${formatNumber(nll)} nats`,
    ],
  ];
}

function logDetText({ logDet, terms }: DensityEvaluation): string {
  switch (logDet) {
    case "series":
      return `power series, ${terms} terms, Rademacher probes`;
    case "Hutchinson probe":
      return "Hutchinson's trace, one Rademacher probe for each solve";
    default:
      return logDet;
  }
}

/** The reconstruction as aligned lines. */
export function reconstructionText(reconstruction: Reconstruction): string {
  return table(reconstructionRows(reconstruction));
}

/** What a person wants to know of a reconstruction. */
export function reconstructionRows({
  split,
  examples,
  unit,
  maxError,
  meanError,
  worstBlock,
}: Reconstruction): readonly Described[] {
  const scale = unit === "pixel units" ? " (1 is the full range of a pixel)" : "";
  return [
    ["examples", `${examples.toLocaleString("en-US")} (${split})`],
    ["largest error", `${formatNumber(maxError)} ${unit}${scale}`],
    ["mean error", `${formatNumber(meanError)} ${unit}`],
    [
      "worst residual",
      worstBlock
        ? `${formatNumber(worstBlock.residual)}, relative, in ${worstBlock.path}`
        : "none: every part has a closed inverse",
    ],
  ];
}
