import { scaleLinear } from "d3-scale";
import { markup } from "./markup.js";
import { CHARACTER, pictureSvg, round } from "./picture.js";
import { seriesColor } from "./theme.js";

export interface DotPlot {
  readonly title: string;
  /** Names the unit: "AUROC (%)". */
  readonly x: { readonly label: string };
  /** One line each, from top to bottom. */
  readonly rows: readonly string[];
  readonly series: readonly DotSeries[];
}

export interface DotSeries {
  readonly name: string;
  /** One for each row; what isn't finite has no dot. */
  readonly values: readonly number[];
}

const WIDTH = 560;
const RIGHT = WIDTH - 20;
const ROW = 24;
const TOP = 62;

/**
 * A dot for each series on each row's line, as self-contained SVG.
 * The first series is drawn last, on top of the others.
 *
 * @see Cleveland and McGill 1984, section 4.1, https://doi.org/10.1080/01621459.1984.10478080
 */
export function dotPlot({ title, x, rows, series }: DotPlot): string {
  const values = series.flatMap((one) => one.values.filter(Number.isFinite));
  const left = 30 + CHARACTER * Math.max(2, ...rows.map((name) => name.length));
  const axis = scaleLinear()
    .domain(values.length > 0 ? [Math.min(...values), Math.max(...values)] : [0, 1])
    .nice(6)
    .range([left, RIGHT]);
  const bottom = TOP + ROW * rows.length;
  const height = bottom + 48;
  const lineOf = (row: number): number => TOP + ROW * (row + 0.5);
  const tick = axis.tickFormat(6);
  let at = 16;
  const legend = series.map(({ name }, i) => {
    const item = markup`<circle cx="${at + 5}" cy="44" r="5"${seriesColor(i)} fill="currentColor"/>
<text x="${at + 16}" y="48">${name}</text>
`;
    at += 40 + CHARACTER * name.length;
    return item;
  });
  const dots = [...series.entries()].reverse().map(
    ([i, one]) => markup`<g${seriesColor(i)} fill="currentColor">${one.values.flatMap(
      (value, row) =>
        Number.isFinite(value)
          ? [
              markup`
<circle cx="${round(axis(value))}" cy="${lineOf(row)}" r="5"/>`,
            ]
          : [],
    )}
</g>
`,
  );
  return pictureSvg(
    { title, width: WIDTH, height },
    markup`${legend}
<text x="${RIGHT}" y="${height - 10}" text-anchor="end">${x.label}</text>
<g text-anchor="end">${rows.map(
      (name, row) => markup`
<path d="M${round(left)},${lineOf(row)}H${RIGHT}" stroke="currentColor" stroke-opacity="0.22"/>
<text x="${round(left - 9)}" y="${lineOf(row) + 4}">${name}</text>`,
    )}
</g>
<g font-size="11" text-anchor="middle">${axis.ticks(6).map(
      (value) => markup`
<path d="M${round(axis(value))},${bottom}v5" stroke="currentColor"/>
<text x="${round(axis(value))}" y="${bottom + 18}">${tick(value)}</text>`,
    )}
</g>
<path d="M${round(left)},${bottom}H${RIGHT}" stroke="currentColor"/>
${dots}`,
  );
}
