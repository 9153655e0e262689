import { markup } from "./markup.js";
import { CHARACTER, pictureSvg } from "./picture.js";

export interface ConfusionMatrix {
  readonly title: string;
  readonly classes: readonly string[];
  /** How often class i (a row) was told to be class j (a column). */
  readonly counts: readonly (readonly number[])[];
}

const CELL = 46;
const TOP = 76;
/** Characters of a name that are shown. */
const LONGEST = 16;
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
  return pictureSvg(
    { title, width, height },
    markup`<text x="16" y="48">rows: class, columns: told</text>
${names.map((name, i) => markup`<text x="${left - 8}" y="${TOP + CELL * i + CELL / 2 + 3}" text-anchor="end">${name}</text>`)}
${cells}
${names.map((name, i) => {
  const [x, y] = [left + CELL * i + CELL / 2, TOP + size + 14];
  return markup`<text x="${x}" y="${y}" text-anchor="end" transform="rotate(-40 ${x} ${y})">${name}</text>`;
})}`,
  );
}
