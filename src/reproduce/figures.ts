import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { writeFileAtomic } from "../files/atomic-file.js";
import { linePlot, type LinePlot, type Series } from "../pictures/line-plot.js";
import { decodeRgb, encodeRgb } from "../pictures/png.js";
import { blankRaster, GUTTER, shrunk, sideBySide, squaresOf, stacked } from "../pictures/raster.js";
import type { Raster } from "../pictures/raster.js";
import type { Figure } from "../runs/report-html.js";
import { amplification } from "../runs/report.js";
import type { ReproductionFolder } from "./folder.js";
import type { Finished } from "./table.js";
import type { ReproductionName } from "./tasks.js";

/** Draws the figures of a reproduction, and saves them in its folder. */
export const drawFigures: Record<
  ReproductionName,
  (all: readonly Finished[], folder: ReproductionFolder) => Promise<readonly Figure[]>
> = {
  "table-classification": (all, folder) =>
    picturesOfRuns(
      all,
      folder,
      "reconstructions.png",
      (label) =>
        `${label}: test images, what came back, and their differences times ${amplification.toLocaleString("en-US")}`,
    ),
  "table-density": (all, folder) =>
    picturesOfRuns(all, folder, "samples.png", (label) => `${label}: samples`),
  "figure-inversion": drawInversion,
  "figure-logdet": drawEstimator,
  "figure-toy": drawPlanes,
};

async function picturesOfRuns(
  all: readonly Finished[],
  folder: ReproductionFolder,
  name: string,
  caption: (label: string) => string,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { task } of all) {
    const path = folder.run(task.id).picture(name);
    if (!existsSync(path)) continue;
    figures.push({ kind: "png", png: await readFile(path), caption: caption(task.row.label) });
  }
  return figures;
}

async function savePlot(
  folder: ReproductionFolder,
  name: string,
  plot: LinePlot,
  caption: string,
): Promise<Figure> {
  const svg = linePlot(plot);
  await writeFileAtomic(folder.picture(`${name}.svg`), svg);
  return { kind: "svg", svg, caption };
}

async function drawInversion(
  all: readonly Finished[],
  folder: ReproductionFolder,
): Promise<Figure[]> {
  const plot = (quantity: "largest" | "mean"): Promise<Figure> =>
    savePlot(
      folder,
      `inversion-${quantity}`,
      {
        title: `${quantity === "largest" ? "Largest" : "Mean"} error of the inverse`,
        x: { label: "plain fixed-point iterations per block" },
        y: { label: "error (pixel units)", scale: "log" },
        series: all.map(({ task, result }) => ({
          name: task.row.label,
          points: (result.inversion ?? []).map(({ steps, maxError, meanError }) => [
            steps,
            quantity === "largest" ? maxError : meanError,
          ]),
        })),
      },
      `The ${quantity} error over the pixels of 100 test images. Without a bound the iteration need not converge; where it left the numbers, the curve ends.`,
    );
  return [await plot("largest"), await plot("mean")];
}

async function drawEstimator(
  all: readonly Finished[],
  folder: ReproductionFolder,
): Promise<Figure[]> {
  const biases = all.flatMap(({ task, result: { estimator } }): Series[] => {
    const byTerms = estimator?.byTerms ?? [];
    return [
      {
        name: `${task.row.label}, measured`,
        points: byTerms.map(({ terms, bias }) => [terms, Math.abs(bias)]),
      },
      {
        name: `${task.row.label}, bound`,
        points: byTerms.map(({ terms, bound }) => [terms, bound ?? NaN]),
        dashed: true,
      },
    ];
  });
  const spreads = all.map(({ task, result: { estimator } }): Series => ({
    name: task.row.label,
    points: (estimator?.byProbes ?? []).map(({ probes, spread }) => [probes, spread]),
  }));
  return [
    await savePlot(
      folder,
      "estimator-bias",
      {
        title: "Bias of the log-determinant",
        x: { label: "terms of the series" },
        y: { label: "|bias| (nats)", scale: "log" },
        series: biases,
      },
      "How far the mean of n terms is from that of 40 with the same probes, which the table compares with the exact log-determinant, beside the most that truncation can make of it. Once float32's rounding is reached, the curve is noise.",
    ),
    await savePlot(
      folder,
      "estimator-spread",
      {
        title: "Spread of the log-determinant",
        x: { label: "probes" },
        y: { label: "standard deviation (nats)", scale: "log" },
        series: spreads,
      },
      "The standard deviation of the mean over so many probes.",
    ),
  ];
}

const factor = 3;

/** Data, then each system's density and samples; data sets from top to bottom. */
async function drawPlanes(all: readonly Finished[], folder: ReproductionFolder): Promise<Figure[]> {
  const data = [...new Set(all.map(({ result }) => result.data))];
  const systems = [...new Set(all.map(({ task }) => task.row.label))];
  const rows: Raster[] = [];
  for (const name of data) {
    const panels: Raster[] = [];
    for (const label of systems) {
      const finished = all.find(
        ({ task, result }) => result.data === name && task.row.label === label,
      );
      const path = finished && folder.run(finished.task.id).picture("density.png");
      const squares =
        path !== undefined && existsSync(path) ? squaresOf(decodeRgb(await readFile(path))) : [];
      const [points, density, samples] = squares.map((square) => shrunk(square, factor));
      if (panels.length === 0) panels.push(points ?? empty);
      panels.push(density ?? empty, samples ?? empty);
    }
    rows.push(sideBySide(panels));
  }
  const png = encodeRgb(stacked(rows));
  await writeFileAtomic(folder.picture("densities.png"), png);
  const columns = systems.map((label) => `${label}'s density and samples`).join(", ");
  const caption = `From left to right: data, ${columns}. From top to bottom: ${data.join(", ")}.`;
  return [{ kind: "png", png, caption }];
}

/** In place of a picture that there isn't. */
const empty = blankRaster(160, 160, GUTTER);
