import { introduction } from "../runs/introduction.js";
import { formatDuration } from "../text.js";
import { version } from "../version.js";
import { drawFigures } from "./figures.js";
import type { ReproductionFolder } from "./folder.js";
import type { Plan } from "./plan.js";
import { aligned, savePresentation, type Presentation } from "./presentation.js";
import { deviationsOf, shortText, tableOf, type Finished } from "./table.js";

/** Writes the table, the figures and the report of a reproduction that is complete. */
export async function present(
  plan: Plan,
  all: readonly Finished[],
  folder: ReproductionFolder,
): Promise<Presentation> {
  const { reproduction, tasks, command, ...settings } = plan;
  const main = tableOf(reproduction, all);
  const deviations = deviationsOf(all);
  const sources = [sourcesOf(all), shortText(all)].filter(Boolean).join(" ");
  const figures = await drawFigures[reproduction](all, folder);
  const rows = all.map(({ task: { row }, result }) => ({
    ...result,
    label: row.label,
    published: row.published ?? null,
  }));
  const value = { reproduction, seed: plan.seed, rows };
  const report = {
    title: reproduction,
    subtitle: `seed ${plan.seed}, a budget of ${formatDuration(plan.budgetSeconds)}, ${plan.threads} threads, iresnet ${version}`,
    introduction,
    summary: [],
    sections: [
      { heading: "Results", text: sources, table: main },
      ...(figures.length > 0 ? [{ heading: "Figures", figures }] : []),
      { heading: "Deviations", table: deviations },
    ],
    config: { ...settings, steps: Object.fromEntries(tasks.map(({ id, steps }) => [id, steps])) },
    command,
  };
  return savePresentation(folder, value, report, [
    aligned(main),
    sources,
    `Deviations, one seed (${plan.seed}) each:\n${aligned(deviations)}`,
    ...all.flatMap(({ result: { id, failure } }) =>
      failure === null ? [] : [`${id}: ${failure}`],
    ),
  ]);
}

function sourcesOf(all: readonly Finished[]): string {
  const published = all.flatMap(({ task: { row } }) => row.published ?? []);
  const sources = new Set(
    published.filter(({ value }) => value !== null).map(({ source }) => source),
  );
  return sources.size > 0
    ? `Published numbers as given by ${[...sources].join(" and ")}.`
    : "The papers give no numbers for these rows.";
}
