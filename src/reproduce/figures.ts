import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { writeFileAtomic } from "../files/atomic-file.js";
import { linePlot, type LinePlot, type Series } from "../pictures/line-plot.js";
import { panelContent } from "../pictures/panel.js";
import { tilesSvg, type TileRow } from "../pictures/tiles.js";
import type { Figure } from "../runs/report-html.js";
import type { ReproductionFolder } from "./folder.js";
import type { Finished } from "./table.js";
import type { ReproductionName } from "./tasks.js";

/** Draws the figures of a reproduction, and saves them in its folder. */
export const drawFigures: Record<
  ReproductionName,
  (all: readonly Finished[], folder: ReproductionFolder) => Promise<readonly Figure[]>
> = {
  "table-classification": (all, folder) => picturesOfRuns(all, folder, "reconstructions.svg"),
  "table-density": (all, folder) => picturesOfRuns(all, folder, "samples.svg"),
  "figure-inversion": drawInversion,
  "figure-logdet": drawEstimator,
  "figure-toy": drawPlanes,
};

async function picturesOfRuns(
  all: readonly Finished[],
  folder: ReproductionFolder,
  name: string,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { task } of all) {
    const path = folder.run(task.id).picture(name);
    if (!existsSync(path)) continue;
    figures.push({ svg: await readFile(path, "utf8"), caption: task.row.label });
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
  return { svg, caption };
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
  const biases = all.flatMap(({ task, result: { estimator } }, color): Series[] => {
    const byTerms = estimator?.byTerms ?? [];
    return [
      {
        name: `${task.row.label}, measured`,
        points: byTerms.map(({ terms, bias }) => [terms, Math.abs(bias)]),
        color,
      },
      {
        name: `${task.row.label}, bound`,
        points: byTerms.map(({ terms, bound }) => [terms, bound ?? NaN]),
        dashed: true,
        color,
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

/** Data, then each system's density and samples; data sets from top to bottom. */
async function drawPlanes(all: readonly Finished[], folder: ReproductionFolder): Promise<Figure[]> {
  const names = [...new Set(all.map(({ result }) => result.data))];
  const systems = [...new Set(all.map(({ task }) => task.row.label))];
  const rows: TileRow[] = [];
  for (const name of names) {
    const pictures: (string | undefined)[] = [];
    for (const label of systems) {
      const finished = all.find(
        ({ task, result }) => result.data === name && task.row.label === label,
      );
      const path = finished && folder.run(finished.task.id).picture("density.svg");
      const isThere = path !== undefined && existsSync(path);
      pictures.push(isThere ? await readFile(path, "utf8") : undefined);
    }
    const content = (svg: string | undefined, panel: string): TileRow["tiles"][number] =>
      svg === undefined ? undefined : panelContent(svg, panel);
    const first = pictures.find((svg) => svg !== undefined);
    const models = pictures.flatMap((svg) => [content(svg, "density"), content(svg, "samples")]);
    rows.push({ label: name, tiles: [content(first, "data"), ...models] });
  }
  const svg = tilesSvg({
    title: "Densities of the plane",
    columns: ["data", ...systems.flatMap((label) => [`${label}: density`, "samples"])],
    rows,
    note: "Each square reaches from −4 to 4 along both axes. A density's colours run from 0 (violet) to its own largest value (yellow).",
  });
  await writeFileAtomic(folder.picture("densities.svg"), svg);
  return [{ svg }];
}
