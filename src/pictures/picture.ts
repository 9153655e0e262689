import { markup, type Content, type Markup } from "./markup.js";
import { darkPicture, theme } from "./theme.js";

export interface Picture {
  /** What is shown; it stands above the picture, and is its name for those who can't see it. */
  readonly title: string;
  readonly width: number;
  readonly height: number;
}

/** Room that the title takes, in pixels. */
export const TITLE_HEIGHT = 40;
/** Mean width of a character of the labels, in pixels. */
export const CHARACTER = 6.7;

/** A coordinate in tenths. */
export function round(coordinate: number): string {
  return coordinate.toFixed(1);
}

/** A titled picture as self-contained SVG on paper of its own, light or dark as the reader's system. */
export function pictureSvg({ title, width, height }: Picture, content: Content): string {
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" class="picture" color="${theme.light.ink}" fill="currentColor" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="${title}">
<style>${darkPicture}</style>
<rect class="paper" width="${width}" height="${height}" rx="8" fill="${theme.light.paper}"/>
<text x="16" y="26" font-size="15" font-weight="600">${title}</text>
${content}
</svg>`.text;
}

/** A PNG within an SVG picture. */
export function embedded(
  png: Uint8Array,
  { x, y, width, height }: Record<"x" | "y" | "width" | "height", number>,
  smoothing: "smooth" | "pixelated" = "smooth",
): Markup {
  const uri = `data:image/png;base64,${base64(png)}`;
  return markup`<image href="${uri}" x="${x}" y="${y}" width="${width}" height="${height}" preserveAspectRatio="none"${smoothing === "smooth" ? "" : markup` style="image-rendering:pixelated"`}/>`;
}

/** Bytes in base 64, in Node and in a page. */
function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return btoa(text);
}
