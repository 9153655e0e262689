import { concatenated } from "../data/table.js";
import { rocCurve } from "../measure/index.js";
import { confusionMatrix } from "../pictures/confusion-matrix.js";
import { histogram } from "../pictures/histogram.js";
import { linePlot, type Series } from "../pictures/line-plot.js";
import type { Point } from "../pictures/plane.js";
import type { SortedScores, TableEvaluation } from "../tables/index.js";

/** Pictures by the names of their files. */
export type Figures = Readonly<Record<string, { readonly svg: string; readonly caption: string }>>;

/** Points of a ROC curve that a picture needs. */
const mostPoints = 500;
/** Most classes whose confusions fit a picture. */
const mostClasses = 24;

/** The scores of a density, and with a label its ROC curve. */
export function scoreFigures(
  { normals, outliers }: SortedScores,
  { label }: TableEvaluation,
): Figures {
  if (normals.length + outliers.length === 0) return {};
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

/** How a classifier confuses classes, and whether they are right as often as it says. */
export function classFigures({ classification }: TableEvaluation): Figures {
  if (!classification) return {};
  const { confusion, calibration } = classification;
  return {
    ...(confusion &&
      confusion.classes.length <= mostClasses && {
        "confusions.svg": {
          svg: confusionMatrix({ title: "Confusions", ...confusion }),
          caption: "How often rows of each class were told to be of each. Right ones are blue.",
        },
      }),
    ...(calibration && {
      "calibration.svg": {
        svg: calibrationPlot(calibration.bins),
        caption:
          "How often the class that is told is right, for probabilities of about the same size. On the dashed line classes are right as often as their probability says.",
      },
    }),
  };
}

function calibrationPlot(
  bins: readonly { readonly probability: number; readonly right: number }[],
): string {
  return linePlot({
    title: "Calibration",
    x: { label: "probability of the class told (%)" },
    y: { label: "right (%)" },
    series: [
      {
        name: "rows",
        points: bins.map(({ probability, right }): Point => [100 * probability, 100 * right]),
      },
      diagonal("as often as it says"),
    ],
  });
}

function rocPlot(normals: Float64Array, outliers: Float64Array): string {
  const scores = concatenated([normals, outliers]);
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
    series: [{ name: "anomaly score", points }, diagonal("chance")],
  });
}

/** The dashed line of equal percentages. */
function diagonal(name: string): Series {
  const points: Point[] = [
    [0, 0],
    [100, 100],
  ];
  return { name, points, dashed: true };
}
