import { writeFileAtomic } from "../files/atomic-file.js";
import { reportHtml, type HtmlReport, type Table } from "../runs/report-html.js";
import { writeJson } from "../runs/run-folder.js";
import { table } from "../text.js";
import type { ReproductionFolder } from "./folder.js";

/** A reproduction's results, for programs and for people. */
export interface Presentation {
  readonly value: object;
  readonly text: string;
}

/** Writes the results as JSON and the report; `texts` are what a terminal shows of them. */
export async function savePresentation(
  folder: ReproductionFolder,
  value: object,
  report: HtmlReport,
  texts: readonly string[],
): Promise<Presentation> {
  await writeJson(folder.table, value);
  await writeFileAtomic(folder.report, reportHtml(report));
  return {
    value: { ...value, report: folder.report },
    text: [...texts, `Report: ${folder.report}`].join("\n\n"),
  };
}

/** A report's table as lines. */
export function aligned({ columns, rows }: Table): string {
  return table([columns, ...rows.map((row) => row.map(String))]);
}
