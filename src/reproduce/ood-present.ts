import { writeFileAtomic } from "../files/atomic-file.js";
import { dotPlot } from "../pictures/dot-plot.js";
import type { Table } from "../runs/report-html.js";
import { formatDuration } from "../text.js";
import { version } from "../version.js";
import type { ReproductionFolder } from "./folder.js";
import { oodScoreNames, oodScores, type OodPlan, type OodResult } from "./ood-result.js";
import { aligned, savePresentation, type Presentation } from "./presentation.js";

const text =
  "Areas under the ROC curve in %: how often an image of the other set scores higher than a test image of the set that was learned; 50 is chance, and less is worse than that. H is the mean of -log p over held-out images. A density finds simple images likely, learned or not: -log p alone fails on them, and the bits of their PNG say how simple they are.";

/** Writes the table, the picture and the report of a detection that is complete. */
export async function presentOod(
  plan: OodPlan,
  results: readonly OodResult[],
  folder: ReproductionFolder,
): Promise<Presentation> {
  const { command, ...settings } = plan;
  const value = { ...settings, results };
  const pairs = results.flatMap(({ normal, outliers }) =>
    outliers.map((outlier) => ({ name: `${normal}, ${outlier.name}`, outlier })),
  );
  const svg = dotPlot({
    title: "Images that weren't learned",
    x: { label: "AUROC (%)" },
    rows: pairs.map(({ name }) => name),
    series: oodScoreNames.map((score) => ({
      name: oodScores[score],
      values: pairs.map(({ outlier }) => 100 * outlier.auroc[score]),
    })),
  });
  await writeFileAtomic(folder.picture("auroc.svg"), svg);
  const table = tableOf(results);
  const sources = sourcesOf(results);
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
  const report = {
    title: "figure-ood",
    subtitle: `seed ${plan.seed}, ${formatDuration(seconds)} of work, ${plan.threads} threads, iresnet ${version}`,
    summary: [],
    sections: [
      {
        heading: "Results",
        text,
        figures: [
          {
            svg,
            caption: "The set that was learned, and the other one. Further right is better.",
          },
        ],
        table,
      },
      { heading: "What was learned", table: sources },
    ],
    config: settings,
    command,
  };
  return savePresentation(folder, value, report, [aligned(table), aligned(sources), text]);
}

function tableOf(results: readonly OodResult[]): Table {
  return {
    columns: [
      ...["learned", "other", "images", "bits/dim", "PNG's bits/dim"],
      ...oodScoreNames.map((score) => oodScores[score]),
    ],
    rows: results.flatMap(({ normal, outliers, ...own }) => [
      [normal, "its own test images", ...figures(own), "", "", ""],
      ...outliers.map(({ name, auroc, ...other }) => [
        normal,
        name,
        ...figures(other),
        ...oodScoreNames.map((score) => (100 * auroc[score]).toFixed(1)),
      ]),
    ]),
  };
}

function figures({
  images,
  bitsPerDim,
  pngBitsPerDim,
}: Pick<OodResult, "images" | "bitsPerDim" | "pngBitsPerDim">): string[] {
  return [String(images), bitsPerDim.toFixed(3), pngBitsPerDim.toFixed(3)];
}

function sourcesOf(results: readonly OodResult[]): Table {
  return {
    columns: ["learned", "from", "steps", "time"],
    rows: results.map(({ normal, source, steps, seconds }) => [
      normal,
      source,
      steps ?? "",
      formatDuration(seconds),
    ]),
  };
}
