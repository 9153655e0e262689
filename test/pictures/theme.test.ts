import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { seriesColor, theme, themeCss } from "../../src/pictures/theme.js";

const page = readFileSync(new URL("../../../site/theme.css", import.meta.url), "utf8");

/** Custom properties of a style sheet, those for light before those for dark. */
function propertiesOf(css: string): Record<string, string>[] {
  return css
    .split("@media (prefers-color-scheme: dark)")
    .map((part) =>
      Object.fromEntries([...part.matchAll(/--([\w-]+):\s*([^;]+);/g)].map(([, k, v]) => [k!, v!])),
    );
}

/** WCAG 2.2, relative luminance. */
function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light! + 0.05) / (dark! + 0.05);
}

describe("theme", () => {
  it("is the page's, for light and for dark", () => {
    const [light, dark] = propertiesOf(page);
    for (const [name, color] of Object.entries(theme.light))
      assert.equal(light![name], color, name);
    for (const [name, color] of Object.entries(theme.dark)) assert.equal(dark![name], color, name);
    assert.deepEqual(propertiesOf(themeCss), [theme.light, theme.dark]);
  });

  it("has text that is read on paper and on a surface", () => {
    for (const { paper, surface, ink, muted, accent } of [theme.light, theme.dark]) {
      for (const color of [ink, muted, accent]) {
        for (const below of [paper, surface]) {
          assert.ok(contrast(color, below) >= 4.5, `${color} on ${below}`);
        }
      }
    }
  });

  it("begins the colours of series anew after six", () => {
    assert.equal(seriesColor(0).text, ' class="series-1" color="#0072b2"');
    assert.equal(seriesColor(6).text, seriesColor(0).text);
    assert.notEqual(seriesColor(5).text, seriesColor(0).text);
  });
});
