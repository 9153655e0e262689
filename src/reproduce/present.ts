import { writeFileAtomic } from "../files/atomic-file.js";
import { introduction } from "../runs/introduction.js";
import { reportHtml, type Table } from "../runs/report-html.js";
import { writeJson } from "../runs/run-folder.js";
import { formatDuration, table } from "../text.js";
import { version } from "../version.js";
import { drawFigures } from "./figures.js";
import type { ReproductionFolder } from "./folder.js";
import type { Plan } from "./plan.js";
import { deviationsOf, shortText, tableOf, type Finished } from "./table.js";

/** A reproduction's results, for programs and for people. */
export interface Presentation {
  readonly value: object;
  readonly text: string;
}

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
  await writeJson(folder.table, value);
  const html = reportHtml({
    title: reproduction,
    subtitle: `seed ${plan.seed}, a budget of ${formatDuration(plan.budgetSeconds)}, ${plan.threads} threads, iresnet ${version}`,
    introduction,
    summary: [],
    sections: [
      { heading: "Results", text: sources, figures: [], table: main },
      ...(figures.length > 0 ? [{ heading: "Figures", figures }] : []),
      { heading: "Deviations", figures: [], table: deviations },
    ],
    config: { ...settings, steps: Object.fromEntries(tasks.map(({ id, steps }) => [id, steps])) },
    command,
  });
  await writeFileAtomic(folder.report, html);
  return {
    value: { ...value, report: folder.report },
    text: [
      aligned(main),
      sources,
      `Deviations, one seed (${plan.seed}) each:\n${aligned(deviations)}`,
      ...all.flatMap(({ result: { id, failure } }) =>
        failure === null ? [] : [`${id}: ${failure}`],
      ),
      `Report: ${folder.report}`,
    ].join("\n\n"),
  };
}

function aligned({ columns, rows }: Table): string {
  return table([columns, ...rows.map((row) => row.map(String))]);
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
