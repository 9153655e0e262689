import type { DensityEvaluation } from "../measure/index.js";
import type { Table } from "../runs/report-html.js";
import { formatDuration, formatNumber, plusMinus } from "../text.js";
import type { RowResult } from "./result.js";
import { isShort } from "./share.js";
import type { ReproductionName, Task } from "./tasks.js";

/** A row with what came of it. */
export interface Finished {
  readonly task: Task;
  readonly result: RowResult;
}

interface Column {
  readonly heading: string;
  readonly cell: (finished: Finished, all: readonly Finished[]) => string;
}

const none = "-";
const shortMark = "(!)";

/** What the table says of rows that are marked; nothing if none is. */
export function shortText(all: readonly Finished[]): string | undefined {
  if (!all.some(({ result }) => isShort(result))) return undefined;
  return `${shortMark} Less than a tenth of the preset's steps: such a row says little of its preset; take a larger budget.`;
}

const system: Column = { heading: "system", cell: ({ task }) => task.row.label };

const published: Column = {
  heading: "published",
  cell: ({ task }) => String(task.row.published?.value ?? none),
};

const length: readonly Column[] = [
  {
    heading: "steps",
    cell: ({ result }) => `${result.steps}${isShort(result) ? ` ${shortMark}` : ""}`,
  },
  {
    heading: "epochs",
    cell: ({ result }) => (result.epochs === null ? none : formatNumber(result.epochs)),
  },
  { heading: "training", cell: ({ result }) => formatDuration(result.trainingSeconds) },
];

const testError: Column = {
  heading: "test error, %",
  cell: ({ result: { evaluation } }) =>
    evaluation?.task === "classification" ? evaluation.errorPercent.toFixed(2) : "diverged",
};

/** A column on a density's evaluation. */
function ofDensity(heading: string, text: (evaluation: DensityEvaluation) => string): Column {
  return {
    heading,
    cell: ({ result: { evaluation } }) =>
      evaluation?.task === "density" ? text(evaluation) : "diverged",
  };
}

const likelihood = (heading: string): Column =>
  ofDensity(
    heading,
    ({ value, standardError }) => `${value.toFixed(3)} ± ${formatNumber(standardError)}`,
  );

const logDet: readonly Column[] = [
  ofDensity("dims", ({ dimensions }) => String(dimensions)),
  ofDensity("estimator", ({ logDet, terms }) => (logDet === "series" ? `${terms} terms` : logDet)),
  ofDensity("bias, at most", ({ biasBound }) =>
    biasBound === null ? "unbounded" : formatNumber(biasBound),
  ),
];

const inverse: readonly Column[] = [
  {
    heading: "inverse",
    cell: ({ result: { reconstruction } }) => {
      if (!reconstruction) return none;
      const { lipschitz } = reconstruction;
      return lipschitz < 1 ? `guaranteed, L = ${lipschitz.toFixed(3)}` : "not guaranteed";
    },
  },
  {
    heading: "largest error",
    cell: ({ result: { reconstruction } }) =>
      reconstruction ? `${formatNumber(reconstruction.maxError)} ${reconstruction.unit}` : none,
  },
  {
    heading: "comes back",
    cell: ({ result: { inverseFailure } }) =>
      inverseFailure === undefined ? none : inverseFailure === null ? "yes" : "no",
  },
];

const inversionErrors = [1, 5, 10, 20, 50].map((count): Column => ({
  heading: `after ${count}`,
  cell: ({ result: { inversion } }) => {
    const point = inversion?.find(({ steps }) => steps === count);
    return point ? formatNumber(point.maxError) : none;
  },
}));

const estimatorErrors = [2, 5, 10, 20].map((count): Column => ({
  heading: `bias, ${count} terms (bound)`,
  cell: ({ result: { estimator } }) => {
    const point = estimator?.byTerms.find(({ terms }) => terms === count);
    if (!point) return none;
    const bound = point.bound === null ? none : formatNumber(point.bound);
    return `${formatNumber(point.bias)} ± ${formatNumber(point.standardError)} (${bound})`;
  },
}));

/** How far each is behind the best of the same data. */
const behind: Column = {
  heading: "behind the best",
  cell: ({ result }, all) => {
    const rivals = all.filter((other) => other.result.data === result.data);
    return formatNumber(natsOf(result) - Math.min(...rivals.map((rival) => natsOf(rival.result))));
  },
};

function natsOf({ evaluation }: RowResult): number {
  return evaluation?.task === "density" ? evaluation.value : Infinity;
}

const columns: Record<ReproductionName, readonly Column[]> = {
  "table-classification": [system, testError, published, ...inverse, ...length],
  "table-density": [system, likelihood("bits/dim"), published, ...logDet, ...length],
  "figure-inversion": [system, testError, ...inversionErrors, ...length],
  "figure-logdet": [
    system,
    likelihood("test NLL, nats"),
    ...estimatorErrors,
    {
      heading: "40 terms less exact",
      cell: ({ result: { estimator } }) =>
        estimator
          ? plusMinus(estimator.reference.difference, estimator.reference.standardError)
          : none,
    },
    {
      heading: "spread of a probe",
      cell: ({ result }) => formatNumber(result.estimator?.byProbes[0]?.spread ?? NaN),
    },
    ...length,
  ],
  "figure-toy": [
    { heading: "data", cell: ({ result }) => result.data },
    system,
    likelihood("test NLL, nats"),
    behind,
    {
      heading: "integral",
      cell: ({ result: { plane } }) => plane?.integral.toFixed(4) ?? none,
    },
    ...length,
  ],
};

/** The table of a reproduction, ours beside what was published. */
export function tableOf(name: ReproductionName, all: readonly Finished[]): Table {
  return {
    columns: columns[name].map(({ heading }) => heading),
    rows: all.map((finished) => columns[name].map(({ cell }) => cell(finished, all))),
  };
}

/** Where each row differs from what was published; what a paper doesn't say is left open. */
export function deviationsOf(all: readonly Finished[]): Table {
  return {
    columns: ["row", "what", "here", "published"],
    rows: all.flatMap(({ task: { row }, result: { id, settings } }) => {
      const theirs = row.published?.settings ?? {};
      const line = (what: string, here: string, there: string | undefined): string[] => [
        id,
        what,
        here,
        there ?? "not known",
      ];
      return [
        line("size", settings.size, theirs.size),
        line("training", settings.training, theirs.epochs && `${theirs.epochs} epochs`),
        ...(settings.preprocessing === null
          ? []
          : [line("pixels", settings.preprocessing, theirs.preprocessing)]),
      ];
    }),
  };
}
