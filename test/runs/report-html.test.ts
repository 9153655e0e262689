import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { themeCss } from "../../src/pictures/theme.js";
import { reportHtml, type HtmlReport } from "../../src/runs/report-html.js";

const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="560"></svg>';
const broad = '<svg xmlns="http://www.w3.org/2000/svg" width="980"></svg>';

const report: HtmlReport = {
  title: "Two moons",
  subtitle: "8,000 steps",
  summary: [
    { label: "Test", value: 1.26172, unit: "bits/dim" },
    { label: "Parameters", value: 56312 },
    { label: "Loss", value: NaN },
  ],
  sections: [
    {
      heading: "Density",
      text: "What was learned.",
      figures: [{ svg: broad }, { svg, caption: "Curve" }],
      table: { columns: ["block", "error"], rows: [["first", 0.5]] },
    },
    { heading: "Empty", figures: [] },
  ],
  config: { train: { rate: 0.003, optimizer: { name: "adam" } }, blocks: [6, 6], none: null },
  command: "iresnet train --seed 1",
};

describe("reportHtml", () => {
  const html = reportHtml(report);

  it("shows results with units", () => {
    assert.match(html, /<dt>Test<\/dt><dd>1\.262 <small>bits\/dim<\/small><\/dd>/);
    assert.match(html, /<dd>56,312<\/dd>/);
    assert.match(html, /<dd>NaN<\/dd>/);
  });

  it("embeds figures, those that are wide in a row of their own", () => {
    assert.ok(html.includes(`<figure class="wide">${broad}</figure>`));
    assert.ok(html.includes(`<figure>${svg}<figcaption>Curve</figcaption></figure>`));
  });

  it("says what the model is if it is told, and wears the theme", () => {
    const introduced = reportHtml({ ...report, introduction: "It is a flow." });
    assert.match(introduced, /<header>[^]*<p>It is a flow\.<\/p>[^]*<\/header>/);
    assert.ok(html.includes(themeCss));
  });

  it("shows tables, the command and nested settings", () => {
    assert.match(html, /<th class="number">error<\/th>/);
    assert.match(html, /<td>first<\/td><td class="number">0\.5000<\/td>/);
    assert.match(html, /<code>iresnet train --seed 1<\/code>/);
    assert.match(html, /<td>train\.optimizer\.name<\/td><td>adam<\/td>/);
    assert.match(html, /<td>train\.rate<\/td><td>0\.003<\/td>/);
    assert.match(html, /<td>blocks<\/td><td>\[6,6\]<\/td>/);
    assert.match(html, /<td>none<\/td><td>null<\/td>/);
  });

  it("is one file without scripts or requests", () => {
    assert.match(html, /^<!doctype html>/);
    assert.doesNotMatch(html, /<script|<link|@import|url\(/);
    for (const [, url] of html.matchAll(/(?:src|href)="([^"]*)"/g)) assert.match(url!, /^data:/);
    assert.match(html, /default-src 'none'/);
  });

  it("escapes every text", () => {
    const evil = `<b>"&'`;
    const escaped = reportHtml({
      title: evil,
      subtitle: evil,
      introduction: evil,
      summary: [{ label: evil, value: evil, unit: evil }],
      sections: [
        {
          heading: evil,
          text: evil,
          figures: [{ svg, caption: evil }],
          table: { columns: [evil], rows: [[evil]] },
        },
      ],
      config: { [evil]: evil },
      command: evil,
    });
    assert.doesNotMatch(escaped, /<b>/);
    // Fifteen places: fourteen texts, and the title a second time.
    assert.equal(escaped.match(/&lt;b&gt;&quot;&amp;&#39;/g)?.length, 15);
  });
});
