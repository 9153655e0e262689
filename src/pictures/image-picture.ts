import { ShapeError } from "../errors.js";
import { ndarray, sameShape, type NumberArray } from "../tree.js";
import { colorOf } from "./color-map.js";
import { enlargement, expectImages, imageSheet } from "./image-sheet.js";
import { markup, type Markup } from "./markup.js";
import { mapPng } from "./panel.js";
import { embedded, pictureSvg, TITLE_HEIGHT } from "./picture.js";
import { encodeRgb } from "./png.js";
import { scaleLabel } from "./ticks.js";

const MARGIN = 16;
const LABEL_HEIGHT = 24;
const BAR_WIDTH = 160;
/** A title must find room. */
const LEAST_WIDTH = 380;

/**
 * Images on a titled sheet, as self-contained SVG.
 *
 * @param images `[n, C, H, W]`, C = 1 or 3, values in 0..255.
 * @param columns names of the columns, if they mean something; else the sheet is near a square
 * @throws {ShapeError} for any other shape.
 */
export function imagesPicture(
  title: string,
  images: NumberArray,
  columns: readonly string[] = [],
): string {
  const strip = stripOf(images, columns.length || undefined);
  const top = TITLE_HEIGHT + (columns.length > 0 ? LABEL_HEIGHT : 0);
  const cell = (strip.width + strip.gap) / Math.max(1, columns.length);
  return pictureSvg(
    {
      title,
      width: Math.max(LEAST_WIDTH, 2 * MARGIN + strip.width),
      height: top + strip.height + MARGIN,
    },
    [
      columns.map(
        (name, i) =>
          markup`<text x="${MARGIN + cell * i + (cell - strip.gap) / 2}" y="${top - 7}" text-anchor="middle">${name}</text>
`,
      ),
      strip.at(top),
    ],
  );
}

/**
 * Images, what the inverse made of their latents, and how far that is from them, as self-contained SVG.
 * The differences have a scale of their own: their largest, but at most the range of a pixel.
 *
 * @param originals `[n, C, H, W]`, C = 1 or 3, values in 0..255.
 * @param reconstructions the same shape.
 * @throws {ShapeError} if the shapes differ or are not those of images.
 */
export function reconstructionsPicture(
  title: string,
  originals: NumberArray,
  reconstructions: NumberArray,
): string {
  const [n] = expectImages(originals, "reconstructionsPicture: originals");
  if (!sameShape(originals.shape, reconstructions.shape)) {
    throw new ShapeError(
      `reconstructionsPicture: expected reconstructions of shape [${originals.shape}], got [${reconstructions.shape}]`,
    );
  }
  const { largest, images } = differences(originals, reconstructions);
  const rows = [
    ["Originals x", originals],
    ["Reconstructions x̂, from the latents by the inverse", reconstructions],
    ["Differences: largest |x − x̂| of a pixel's channels, 1 being the full range", images],
  ] as const;
  let top = TITLE_HEIGHT;
  const width = Math.max(LEAST_WIDTH, 2 * MARGIN + stripOf(originals, n).width);
  const parts = rows.map(([label, some]) => {
    const strip = stripOf(some, n);
    const part = markup`<text x="${MARGIN}" y="${top + 16}">${label}</text>
${strip.at(top + LABEL_HEIGHT)}
`;
    top += LABEL_HEIGHT + strip.height;
    return part;
  });
  return pictureSvg({ title, width, height: top + 44 }, [parts, scaleBar(largest, top + 12)]);
}

/** Images in rows at their own size in the file, and enlarged where they are shown. */
function stripOf(
  images: NumberArray,
  columns: number | undefined,
): { width: number; height: number; gap: number; at: (y: number) => Markup } {
  const sheet = imageSheet(images, { ...(columns && { columns }), scale: 1, gap: 1 });
  const scale = Math.min(enlargement(images.shape[2]!), 3);
  const [width, height] = [scale * sheet.width, scale * sheet.height];
  const png = encodeRgb(sheet);
  const at = (y: number): Markup => embedded(png, { x: MARGIN, y, width, height }, "pixelated");
  return { width, height, gap: scale, at };
}

/** The largest difference of each pixel's channels, as colours of the map. */
function differences(
  a: NumberArray,
  b: NumberArray,
): { readonly largest: number; readonly images: NumberArray } {
  const [n, channels, height, width] = expectImages(a, "differences");
  const pixels = height * width;
  const sizes = Float64Array.from({ length: n * pixels }, (_, at) => {
    const first = Math.floor(at / pixels) * channels * pixels + (at % pixels);
    const own = Array.from({ length: channels }, (_, c) => first + c * pixels);
    return Math.max(...own.map((i) => Math.abs(a.data[i]! - b.data[i]!))) / 255;
  });
  const finite = sizes.filter(Number.isFinite).reduce((most, size) => Math.max(most, size), 0);
  const largest = Math.min(1, finite);
  const data = new Float32Array(3 * n * pixels);
  sizes.forEach((size, at) => {
    const color = colorOf(size / (largest || 1));
    const first = Math.floor(at / pixels) * 3 * pixels + (at % pixels);
    color.forEach((value, c) => (data[first + c * pixels] = value));
  });
  return { largest, images: ndarray(data, [n, 3, height, width]) };
}

function scaleBar(largest: number, top: number): Markup {
  const end = largest === 0 ? "no difference" : largest === 1 ? "1 or more" : scaleLabel(largest);
  return markup`${embedded(mapPng("right"), { x: MARGIN + 16, y: top, width: BAR_WIDTH, height: 12 })}
<text x="${MARGIN}" y="${top + 10}">0</text>
<text x="${MARGIN + BAR_WIDTH + 24}" y="${top + 10}">${end} (NaN is gray)</text>`;
}
