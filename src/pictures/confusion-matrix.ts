import { markup } from "./markup.js";

export interface ConfusionMatrix {
  readonly title: string;
  readonly classes: readonly string[];
  /** How often class i (a row) was told to be class j (a column). */
  readonly counts: readonly (readonly number[])[];
}

const CELL = 46;
const TOP = 76;
/** Mean width of a character of the labels, and how many of a name are shown. */
const CHARACTER = 6.7;
const LONGEST = 16;
/** Readable on white and on black; a page overrides it with the CSS property `color`. */
const INK = "#757b85";

/**
 * How often classes were told to be which, as self-contained SVG: a cell is filled by its share of its
 * row, right ones blue, wrong ones orange, and holds its count.
 */
export function confusionMatrix({ title, classes, counts }: ConfusionMatrix): string {
  const names = classes.map((name) =>
    name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name,
  );
  const left = 28 + CHARACTER * Math.max(...names.map((name) => name.length), 5);
  const size = CELL * classes.length;
  const slanted = 8 + 0.7 * CHARACTER * Math.max(...names.map((name) => name.length));
  const [width, height] = [Math.max(left + size + 20, 320), TOP + size + 36 + slanted];
  const cells = counts.flatMap((row, i) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, j) => {
      const [x, y] = [left + CELL * j, TOP + CELL * i];
      const share = total === 0 ? 0 : count / total;
      return markup`<g><title>${classes[i]!} told to be ${classes[j]!}: ${count} of ${total}</title>
<rect x="${x}" y="${y}" width="${CELL - 2}" height="${CELL - 2}" rx="3" fill="${i === j ? "#4e79a7" : "#f28e2c"}" fill-opacity="${(0.06 + 0.74 * share).toFixed(3)}"/>
<text x="${x + CELL / 2 - 1}" y="${y + CELL / 2 + 4}" text-anchor="middle">${count}</text></g>
`;
    });
  });
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" color="${INK}" fill="currentColor" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="${title}">
<text x="16" y="26" font-size="15" font-weight="600">${title}</text>
<text x="16" y="48">rows: class, columns: told</text>
${names.map((name, i) => markup`<text x="${left - 8}" y="${TOP + CELL * i + CELL / 2 + 3}" text-anchor="end">${name}</text>`)}
${cells}
${names.map((name, i) => {
  const [x, y] = [left + CELL * i + CELL / 2, TOP + size + 14];
  return markup`<text x="${x}" y="${y}" text-anchor="end" transform="rotate(-40 ${x} ${y})">${name}</text>`;
})}
</svg>`.text;
}
