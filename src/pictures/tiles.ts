import { markup, type Content } from "./markup.js";
import { panelSquare } from "./panel.js";
import { CHARACTER, pictureSvg, TITLE_HEIGHT } from "./picture.js";

export interface Tiles {
  readonly title: string;
  /** Names of the columns, one for each tile of a row. */
  readonly columns: readonly string[];
  readonly rows: readonly TileRow[];
  /** What all tiles have in common: axes and colours. */
  readonly note: string;
}

export interface TileRow {
  readonly label: string;
  /** Contents of panels; a place without one is left empty. */
  readonly tiles: readonly (Content | undefined)[];
}

const SIDE = 120;
const GAP = 8;

/** Panels without axes of their own, in labelled rows and columns, as self-contained SVG. */
export function tilesSvg({ title, columns, rows, note }: Tiles): string {
  const left = 24 + CHARACTER * Math.max(0, ...rows.map(({ label }) => label.length));
  const top = TITLE_HEIGHT + 26;
  const bottom = top + rows.length * (SIDE + GAP);
  const width = Math.max(left + columns.length * (SIDE + GAP) + 8, 32 + CHARACTER * note.length);
  const place = (at: number): number => left + at * (SIDE + GAP);
  return pictureSvg({ title, width: Math.ceil(width), height: bottom + 32 }, [
    columns.map(
      (name, i) =>
        markup`<text x="${place(i) + SIDE / 2}" y="${top - 9}" text-anchor="middle">${name}</text>
`,
    ),
    rows.map(({ label, tiles }, i) => {
      const y = top + i * (SIDE + GAP);
      return markup`<text x="${left - 10}" y="${y + SIDE / 2 + 4}" text-anchor="end">${label}</text>
${tiles.map(
  (tile, j) => markup`<g transform="translate(${place(j)},${y})">${
    tile === undefined ? "" : panelSquare("tile", tile, SIDE)
  }<rect width="${SIDE}" height="${SIDE}" fill="none" stroke="currentColor" stroke-opacity="0.4"/></g>
`,
)}`;
    }),
    markup`<text x="16" y="${bottom + 14}">${note}</text>`,
  ]);
}
