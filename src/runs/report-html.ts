import { Markup, markup, type Content } from "../pictures/markup.js";
import { themeCss } from "../pictures/theme.js";
import { formatNumber } from "../text.js";

export interface HtmlReport {
  readonly title: string;
  readonly subtitle: string;
  /** Says to a newcomer what the model is. */
  readonly introduction?: string;
  /** The results at a glance. */
  readonly summary: readonly SummaryItem[];
  readonly sections: readonly Section[];
  /** Settings of the run; nested ones appear under dotted names. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The command that repeats the run. */
  readonly command: string;
}

export interface SummaryItem {
  readonly label: string;
  readonly value: string | number;
  readonly unit?: string;
}

export interface Section {
  readonly heading: string;
  readonly text?: string;
  readonly figures?: readonly Figure[];
  readonly table?: Table;
}

/** A picture that says by itself what it shows; the caption adds what to make of it. */
export interface Figure {
  /** Put in the page as it is. */
  readonly svg: string;
  readonly caption?: string;
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** Width in pixels from which on a picture has a row of its own. */
const wide = 700;

/** One self-contained HTML page: no script, no request, light or dark as the reader's system. */
export function reportHtml(report: HtmlReport): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${report.title}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${report.title}</h1>
<p>${report.subtitle}</p>
${report.introduction === undefined ? "" : markup`<p>${report.introduction}</p>\n`}</header>
<main>
${report.summary.length > 0 ? summaryOf(report.summary) : ""}
${report.sections.map(sectionOf)}
<section>
<h2>Reproduce</h2>
<pre><code>${report.command}</code></pre>
<details>
<summary>Configuration</summary>
${tableOf({ columns: ["setting", "value"], rows: settings(report.config) })}
</details>
</section>
</main>
</body>
</html>
`.text;
}

function summaryOf(summary: readonly SummaryItem[]): Markup {
  return markup`<dl>${summary.map(
    ({ label, value, unit }) =>
      markup`<div><dt>${label}</dt><dd>${numeral(value)}${unit ? markup` <small>${unit}</small>` : ""}</dd></div>`,
  )}</dl>`;
}

function sectionOf({ heading, text, figures = [], table }: Section): Markup {
  return markup`<section>
<h2>${heading}</h2>
${text ? markup`<p>${text}</p>` : ""}
${figures.length > 0 ? markup`<div class="figures">${figures.map(figureOf)}</div>` : ""}
${table ? tableOf(table) : ""}
</section>
`;
}

function figureOf({ svg, caption }: Figure): Markup {
  const width = Number(/ width="(\d+)"/.exec(svg)?.[1]);
  const text = caption === undefined ? "" : markup`<figcaption>${caption}</figcaption>`;
  return markup`<figure${width > wide ? markup` class="wide"` : ""}>${new Markup(svg)}${text}</figure>`;
}

function tableOf({ columns, rows }: Table): Markup {
  const cell = (value: string | number): Markup =>
    typeof value === "number"
      ? markup`<td class="number">${numeral(value)}</td>`
      : markup`<td>${value}</td>`;
  return markup`<div class="table"><table>
<thead><tr>${columns.map((column, i) => markup`<th${typeof rows[0]?.[i] === "number" ? markup` class="number"` : ""}>${column}</th>`)}</tr></thead>
<tbody>${rows.map((row) => markup`<tr>${row.map(cell)}</tr>\n`)}</tbody>
</table></div>`;
}

function settings(config: Readonly<Record<string, unknown>>, prefix = ""): [string, string][] {
  return Object.entries(config).flatMap(([key, value]): [string, string][] => {
    const name = prefix + key;
    if (isRecord(value)) return settings(value, `${name}.`);
    return [[name, typeof value === "string" ? value : JSON.stringify(value)]];
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function numeral(value: Content): Content {
  if (typeof value !== "number") return value;
  return Number.isInteger(value) ? value.toLocaleString("en-US") : formatNumber(value);
}

const STYLE = new Markup(`
${themeCss}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 3rem 1.25rem 4rem; max-width: 76rem;
  background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
header { padding-left: 1rem; border-left: 4px solid var(--accent); }
h1 { margin: 0; font-size: 2rem; line-height: 1.2; letter-spacing: -0.02em; }
header p, section > p { margin: 0.35rem 0 0; max-width: 46rem; color: var(--muted); }
h2 { margin: 3rem 0 0; font-size: 1.25rem; letter-spacing: -0.01em; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: 0.75rem; margin: 2rem 0 0; }
dl div, figure, .table, pre { background: var(--surface); border: 1px solid var(--rule); border-radius: 10px; }
dl div { padding: 0.8rem 1rem; display: flex; flex-direction: column; justify-content: space-between; }
dt { font-size: 0.82rem; color: var(--muted); }
dd { margin: 0; font-size: 1.4rem; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
small { font-size: 0.85rem; font-weight: 400; color: var(--muted); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); grid-auto-flow: dense; gap: 1rem; margin-top: 1rem; }
figure { margin: 0; padding: 1rem; display: flex; flex-direction: column; gap: 0.75rem; }
figure.wide { grid-column: 1 / -1; }
figure svg.picture { display: block; max-width: 100%; height: auto; margin: auto; }
figure svg.picture > .paper { fill: none; }
figcaption { font-size: 0.88rem; color: var(--muted); }
.table { width: fit-content; max-width: 100%; margin-top: 1rem; overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.45rem 1rem; text-align: left; border-top: 1px solid var(--rule); }
thead th { border-top: 0; font-weight: 600; font-size: 0.82rem; color: var(--muted); }
.number { text-align: right; }
pre { margin: 1rem 0; padding: 0.9rem 1rem; overflow-x: auto; }
code { font: 0.88rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
details > summary { cursor: pointer; color: var(--muted); }
`);
