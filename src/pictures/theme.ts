import { Markup, markup } from "./markup.js";

/**
 * Colours of reports, pictures, documentation and page, as custom properties of CSS, for light and for
 * dark. Series have Okabe and Ito's colours, which the colour-blind tell apart.
 *
 * @see Okabe and Ito 2008, https://jfly.uni-koeln.de/color/
 */
export const theme = {
  light: {
    paper: "#fdfdfc",
    surface: "#f3f4f2",
    ink: "#1d2226",
    muted: "#5a636b",
    rule: "#d3d8d6",
    accent: "#0062a3",
    "series-1": "#0072b2",
    "series-2": "#d55e00",
    "series-3": "#009e73",
    "series-4": "#cc79a7",
    "series-5": "#e69f00",
    "series-6": "#3b8fc4",
  },
  dark: {
    paper: "#15181b",
    surface: "#1f2428",
    ink: "#e6e9eb",
    muted: "#a2abb3",
    rule: "#3a4148",
    accent: "#6cbaf0",
    "series-1": "#56b4e9",
    "series-2": "#ee8a3c",
    "series-3": "#2fc79a",
    "series-4": "#dd9cc0",
    "series-5": "#f0c04f",
    "series-6": "#8fcdf2",
  },
} as const;

const seriesNames = [1, 2, 3, 4, 5, 6].map((i) => `series-${i}` as keyof typeof theme.light);

/** The theme as a style sheet, light or dark as the reader's system is. */
export const themeCss = `:root { color-scheme: light dark; ${properties(theme.light)} }
@media (prefers-color-scheme: dark) { :root { ${properties(theme.dark)} } }`;

function properties(colors: Readonly<Record<string, string>>): string {
  return Object.entries(colors)
    .map(([name, color]) => `--${name}: ${color};`)
    .join(" ");
}

/** What a picture of its own changes where the reader's system is dark. */
export const darkPicture = new Markup(
  `@media(prefers-color-scheme:dark){.picture{color:${theme.dark.ink}}.picture>.paper{fill:${theme.dark.paper}}${seriesNames
    .map((name) => `.${name}{color:${theme.dark[name]}}`)
    .join("")}}`,
);

/** Attributes that make `currentColor` the colour of a series; they begin anew after six. */
export function seriesColor(index: number): Markup {
  const name = seriesNames[index % seriesNames.length]!;
  return markup` class="${name}" color="${theme.light[name]}"`;
}
