import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { writeFileAtomic } from "../files/atomic-file.js";
import { comparisonRate, type Evaluation, type Reconstruction } from "../measure/index.js";
import { evaluationSchema } from "../measure/evaluation.js";
import { planeSchema } from "../measure/plane.js";
import { reconstructionSchema } from "../measure/reconstruct.js";
import { formatDuration } from "../text.js";
import { readMetrics, type MetricsRecord } from "../train/metrics-file.js";
import { linePlot, type Series } from "../pictures/line-plot.js";
import type { Point } from "../pictures/plane.js";
import {
  classificationOf,
  confusionCells,
  evaluationRows,
  reconstructionRows,
} from "./describe.js";
import { introductionOf } from "./introduction.js";
import { reportHtml, type Figure, type Section, type SummaryItem } from "./report-html.js";
import { readJson, readRunConfig, type RunFolder, type SavedConfig } from "./run-folder.js";
import { validationPrefix } from "./validator.js";

/** Draws a run's curves and writes its report, from what its folder holds by now. */
export async function writeReport(folder: RunFolder): Promise<void> {
  const config = await readRunConfig(folder);
  const metrics = existsSync(folder.metrics) ? await readMetrics(folder.metrics) : [];
  const evaluations = await readEvaluations(folder);
  const reconstruction = await readIfThere(folder.reconstruction, reconstructionSchema);
  const plane = await readIfThere(folder.plane, planeSchema);
  const sections = [
    ...(config.table ? tableSections(config.table) : []),
    await samplesSection(folder),
    await trainingSection(folder, metrics),
    ...evaluations.flatMap(evaluationSections),
    ...(reconstruction ? [await reconstructionSection(folder, reconstruction)] : []),
  ];
  const { preset, command, data, version, table, ...settings } = config;
  const html = reportHtml({
    title: `${preset} on ${data.name}`,
    subtitle: `${config.model.kind}, ${config.training ? `seed ${config.training.seed}` : `imported from ${config.imported?.file}`}, iresnet ${version}, ${config.hardware.cpu}, ${config.threads} threads`,
    ...introductionOf(config.model.kind),
    summary: [
      ...(table ? tableSummary(table) : []),
      ...trainingSummary(metrics),
      ...evaluations.flatMap(evaluationSummary),
      ...(plane ? [{ label: "integral of the density", value: plane.integral.toFixed(4) }] : []),
      ...(reconstruction ? reconstructionSummary(reconstruction) : []),
    ],
    sections: sections.filter(({ figures = [], table }) => figures.length > 0 || table),
    config: { preset, data, version, ...settings },
    command,
  });
  await writeFileAtomic(folder.report, html);
}

type TableConfig = NonNullable<SavedConfig["table"]>;

function tableSummary({ logProb, heldOut, choosing, noise }: TableConfig): SummaryItem[] {
  const rows =
    choosing === undefined ? "held-out rows" : `the ${choosing} held-out rows that chose`;
  return [
    { label: `log-likelihood of ${rows}`, value: logProb.toFixed(3), unit: "nats a row" },
    { label: "held-out rows", value: heldOut },
    { label: "smoothing noise", value: noise, unit: "standard deviations" },
  ];
}

function tableSections({ columns, trials, noise, step }: TableConfig): Section[] {
  return [
    {
      heading: "Columns",
      text: "What is done to each column of the file before the model takes it. Log-likelihoods are in the units of the file.",
      table: {
        columns: ["column", "treatment"],
        rows: columns.map(({ column, text }) => [column, text]),
      },
    },
    {
      heading: "Choice of the noise",
      text: `Short trainings, each with normal noise of another size on the rows; the likelihood of held-out rows chose ${noise}. ${step > 0 ? `Of the training that followed, the model of step ${step} was best on them, and is kept.` : "The training that followed was no better on them: the trial's model is kept."}`,
      table: {
        columns: ["noise (standard deviations)", "log-likelihood of held-out rows (nats a row)"],
        rows: trials.map(({ noise: tried, logProb }) => [tried, logProb ?? "not a number"]),
      },
    },
  ];
}

async function trainingSection(
  folder: RunFolder,
  metrics: readonly MetricsRecord[],
): Promise<Section> {
  const figures: Figure[] = [];
  const draw = async (name: string, title: string, label: string, series: Series[]) => {
    const svg = linePlot({ title, x: { label: "step" }, y: { label }, series });
    await writeFileAtomic(folder.picture(`${name}.svg`), svg);
    figures.push({ svg });
  };
  if (metrics.length > 0) {
    await draw("loss", "Training loss", "loss (nats)", [
      { name: "loss", points: curve(metrics, "loss") },
    ]);
  }
  const names = new Set(metrics.flatMap((record) => Object.keys(record)).filter(isValidation));
  for (const name of names) {
    const quantity = name.slice(validationPrefix.length);
    const file = `validation-${quantity.replaceAll(/\W+/g, "-").replace(/-$/, "")}`;
    await draw(file, `Validation: ${quantity}`, quantity, [
      { name: quantity, points: curve(metrics, name) },
    ]);
  }
  return { heading: "Training", figures };
}

function isValidation(name: string): boolean {
  return name.startsWith(validationPrefix);
}

function curve(metrics: readonly MetricsRecord[], name: string): Point[] {
  return metrics.flatMap((record): Point[] => {
    const value = record[name];
    return value === undefined ? [] : [[record.step, value]];
  });
}

async function samplesSection(folder: RunFolder): Promise<Section> {
  return {
    heading: "The learned density",
    figures: [
      ...(await pictureOf(
        folder,
        "density.svg",
        "A good fit has the density and the samples where the data are, and latents that look like one round cloud. The grids show how the model bends the plane; their lines never cross, because the map is invertible.",
      )),
      ...(await pictureOf(folder, "samples.svg")),
    ],
  };
}

async function reconstructionSection(
  folder: RunFolder,
  reconstruction: Reconstruction,
): Promise<Section> {
  return {
    heading: "Inverse",
    figures: [
      ...(await pictureOf(folder, "reconstructions.svg")),
      ...(await inverseErrorFigure(folder, reconstruction)),
    ],
    table: {
      columns: ["quantity", "value"],
      rows: reconstructionRows(reconstruction),
    },
  };
}

/** The error after each number of iterations, if the model iterates. */
async function inverseErrorFigure(
  folder: RunFolder,
  reconstruction: Reconstruction,
): Promise<Figure[]> {
  const { unit, lipschitz, curve: errors } = reconstruction;
  if (errors.length === 0) return [];
  const rate = comparisonRate(reconstruction);
  const svg = linePlot({
    title: "Error of the inverse",
    x: { label: "fixed-point iterations per block" },
    y: { label: `error (${unit})`, scale: "log" },
    series: [
      { name: "largest", points: errors.map(({ steps, maxError }) => [steps, maxError]) },
      { name: "mean", points: errors.map(({ steps, meanError }) => [steps, meanError]) },
      ...(rate.length > 0
        ? [{ name: `${lipschitz.toFixed(3)}ⁿ, for comparison`, points: rate, dashed: true }]
        : []),
    ],
  });
  await writeFileAtomic(folder.picture("inverse-error.svg"), svg);
  return [
    {
      svg,
      caption:
        "How far x is from the inverse of its latent. The dashed line, for comparison, falls at each iteration by the largest Lipschitz bound of a block, from the first measured point on; it doesn't bound the error. The curves flatten where float32 ends.",
    },
  ];
}

function evaluationSections(evaluation: Evaluation): Section[] {
  const { split } = evaluation;
  const told = classificationOf(evaluation);
  const [columns, ...rows] = (told && confusionCells(told)) ?? [];
  return [
    {
      heading: `Evaluation: ${split}`,
      table: {
        columns: ["quantity", "value"],
        rows: evaluationRows(evaluation),
      },
    },
    ...(columns
      ? [
          {
            heading: `Confusions: ${split}`,
            text: "How often examples of each class, by row, were told to be of each, by column.",
            table: { columns: columns.map(String), rows },
          },
        ]
      : []),
  ];
}

function trainingSummary(metrics: readonly MetricsRecord[]): SummaryItem[] {
  const last = metrics.at(-1);
  if (!last) return [];
  const { step, elapsedSeconds } = last;
  return [
    { label: "steps", value: step },
    ...(elapsedSeconds === undefined
      ? []
      : [{ label: "training time", value: formatDuration(elapsedSeconds) }]),
  ];
}

function evaluationSummary(evaluation: Evaluation): SummaryItem[] {
  const { split } = evaluation;
  switch (evaluation.task) {
    case "classification":
      return [{ label: `${split} error`, value: evaluation.errorPercent.toFixed(2), unit: "%" }];
    case "density":
      return [
        {
          label: `${split} negative log-likelihood`,
          value: evaluation.value.toFixed(3),
          unit: evaluation.unit,
        },
      ];
    case "hybrid":
      return [evaluation.classification, evaluation.density].flatMap(evaluationSummary);
  }
}

function reconstructionSummary({ maxError, unit }: Reconstruction): SummaryItem[] {
  return [{ label: "largest inverse error", value: maxError, unit }];
}

async function readEvaluations(folder: RunFolder): Promise<Evaluation[]> {
  const all = await Promise.all(
    ["test", "validation"].map((split) => readIfThere(folder.evaluation(split), evaluationSchema)),
  );
  return all.filter((evaluation) => evaluation !== undefined);
}

async function readIfThere<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  return existsSync(path) ? readJson(path, schema) : undefined;
}

async function pictureOf(folder: RunFolder, name: string, caption?: string): Promise<Figure[]> {
  const path = folder.picture(name);
  if (!existsSync(path)) return [];
  return [{ svg: await readFile(path, "utf8"), ...(caption !== undefined && { caption }) }];
}
