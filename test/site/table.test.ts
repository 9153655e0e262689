import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import {
  bytesSource,
  encodeCheckpoint,
  fitTable,
  openTable,
  readTable,
  scoreTable,
  tableData,
  tableKinds,
  type Engine,
  type TableScores,
} from "../../src/index.js";
import { nodeEngine, openOnnxFile, openRunner } from "../../src/node.js";
import { csvOf, measurements, tableOf } from "../tables/measurements.js";
import { openSite, skip, type OpenPage, type TestSite } from "./site.js";

const rowsFile = (
  name: string,
  text: string,
): { name: string; mimeType: string; buffer: Buffer } => ({
  name,
  mimeType: "text/csv",
  buffer: Buffer.from(text),
});

/** What a download holds. */
async function downloaded(page: Page, button: string): Promise<Buffer> {
  const waiting = page.waitForEvent("download");
  await page.locator("#table").getByRole("button", { name: button }).click();
  return readFile(await (await waiting).path());
}

/** Waits until the section has results. */
async function scored(page: Page): Promise<void> {
  await page.locator("#table .results").waitFor();
  await page.locator("#table:not([aria-busy])").waitFor();
}

/** Scores as the page wrote them, beside those that Node gives, relatively. */
function expectScores(csv: string, { lines, logProb, score, pValue }: TableScores): void {
  const [head, ...rows] = csv
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  assert.deepEqual(head!.slice(0, 4), ["line", "log_p", "score", "p_value"]);
  assert.equal(rows.length, lines.length);
  rows.forEach((cells, row) => {
    assert.equal(Number(cells[0]), lines[row]);
    for (const [at, values, least] of [
      [1, logProb, 0],
      [2, score, 1],
    ] as const) {
      const expected = values[row]!;
      if (Number.isNaN(expected)) {
        assert.equal(cells[at], "");
        continue;
      }
      const apart = Math.abs(Number(cells[at]) - expected) / (least + Math.abs(expected));
      assert.ok(
        Object.is(Number(cells[at]), expected) || apart <= 1e-5,
        `row ${row}: ${cells[at]}, ${expected}`,
      );
    }
    assert.equal(Number.isNaN(pValue[row]!), cells[3] === "");
  });
}

describe("a reader's table on the page", { skip }, () => {
  let site: TestSite;
  let engine: Engine;
  let opened: OpenPage;
  before(async () => {
    [site, engine] = await Promise.all([openSite(), nodeEngine({ threads: 1 })]);
    opened = await site.open("#table", { acceptDownloads: true, reducedMotion: "reduce" });
    opened.page.setDefaultTimeout(240_000);
    await opened.page.locator("#table .drops").waitFor();
  });
  after(async () => {
    await engine.close();
    await site.close();
  });

  it("scores by a checkpoint of Node's as Node does", async () => {
    const { page } = opened;
    const fitted = await fitTable(tableData(await tableOf(csvOf(measurements(200, 7)))), {
      engine,
      steps: 60,
      onWarning: () => undefined,
    });
    const changed = measurements(60, 8).map((one, i) => ({
      ...one,
      ...(i === 3 && { temperature: "warm" }),
      ...(i === 5 && { site: "west" }),
      ...(i === 7 && { length: "1500" }),
    }));
    const section = page.locator("#table");
    await section.getByLabel("A checkpoint to open").setInputFiles({
      name: "node.safetensors",
      mimeType: "application/octet-stream",
      buffer: Buffer.from(encodeCheckpoint(fitted!.checkpoint)),
    });
    await section.getByText("Opened from node.safetensors").waitFor();
    await section.getByLabel("Rows to score").setInputFiles(rowsFile("new.csv", csvOf(changed)));
    await scored(page);
    assert.match(
      (await section.locator("[data-summary]").textContent()) ?? "",
      /^60 rows, 2 of them without a score/,
    );
    const problems = await section.locator(".problems li").allTextContents();
    assert.deepEqual(
      problems.map((text) => text.split(":")[0]),
      ["line 5, temperature", "line 7, site"],
    );

    const runner = await openRunner(fitted!.checkpoint, { engine });
    const source = bytesSource("new.csv", new TextEncoder().encode(csvOf(changed)));
    const kinds = tableKinds(runner.data!.table!);
    const table = await readTable(await openTable(source, { kinds, invalid: "missing" }));
    const expected = await scoreTable(runner, table);
    expectScores(String(await downloaded(page, "Scores (CSV)")), expected);
    const worst = [...expected.score].reduce((most, s) => (s > most ? s : most), -Infinity);
    const first = section.locator("table.unusual tbody tr").first();
    assert.ok(Math.abs(Number(await first.getAttribute("data-score")) / worst - 1) < 1e-5);
    await runner.close();
  });

  it("learns the example, names its odd rows, and saves what Node opens", async () => {
    const { page } = opened;
    const section = page.locator("#table");
    await section.getByRole("slider", { name: "Most training steps" }).focus();
    await page.keyboard.press("Home");
    await section.getByRole("button", { name: "Try the example" }).click();
    await section.locator("[data-badge=loss]").waitFor();
    await section.getByText("Learned of example.csv").waitFor();
    await scored(page);
    const rows = section.locator("table.unusual tbody tr");
    const lines = await rows.evaluateAll((all) => all.map((row) => row.getAttribute("data-line")));
    assert.ok(lines.slice(0, 3).includes("102"), lines.join());
    assert.match(
      (await rows.nth(lines.indexOf("102")).textContent()) ?? "",
      /mass is 2\.\d+; usual would be [12]\.\d+/,
    );
    await section.getByText("What was decided of each column").click();
    assert.match(
      (await section.locator("table.columns").textContent()) ?? "",
      /machinecategory of 2 levels/,
    );

    const bytes = await downloaded(page, "Checkpoint");
    const runner = await openRunner(new Uint8Array(bytes), { engine });
    assert.equal(runner.data?.name, "example.csv");
    await runner.close();
    const file = await openOnnxFile(new Uint8Array(await downloaded(page, "ONNX file")));
    await file.close();
  });

  it("says what is wrong with a file, with its place, and takes the reader there", async () => {
    const { page, problems } = opened;
    const section = page.locator("#table");
    const bad = async (
      drop: number,
      file: { name: string; text: string },
      message: RegExp,
    ): Promise<void> => {
      const data = await page.evaluateHandle(({ name, text }) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([text], name));
        return transfer;
      }, file);
      await section.locator(".drop").nth(drop).dispatchEvent("drop", { dataTransfer: data });
      const alert = section.getByRole("alert");
      await alert.filter({ hasText: file.name }).waitFor();
      assert.match((await alert.textContent()) ?? "", message);
      assert.ok(await alert.evaluate((element) => element === document.activeElement));
      await section
        .getByRole("button", { name: "Try the example" })
        .and(page.locator(":enabled"))
        .waitFor();
    };
    const good = Array.from({ length: 30 }, (_, i) => `${i},${i * i}`).join("\n");
    await bad(0, { name: "ragged.csv", text: `a,b\n${good}\n7,8,9\n` }, /line 32/);
    await bad(0, { name: "few.csv", text: "a,b\n1,2\n" }, /few\.csv: expected at least 8 rows/);
    await bad(0, { name: "empty.csv", text: "" }, /empty\.csv: expected/);
    await bad(1, { name: "no.safetensors", text: "a,b\n1,2\n" }, /no\.safetensors: expected/);
    await bad(
      0,
      { name: "long.csv", text: `a,b\n${"1,2\n".repeat(200_001)}` },
      /at most 200,000 rows/,
    );
    // What was open stays so.
    await section.getByText("Learned of example.csv").waitFor();
    assert.deepEqual(problems, []);
  });

  it("ends a training that is cancelled", async () => {
    const { page } = opened;
    const section = page.locator("#table");
    await section.getByRole("slider", { name: "Most training steps" }).focus();
    await page.keyboard.press("End");
    await section.getByRole("button", { name: "Try the example" }).click();
    await section.getByText(/step \d+ of/).waitFor();
    await section.getByRole("button", { name: "Cancel" }).click();
    await section
      .getByRole("button", { name: "Try the example" })
      .and(page.locator(":enabled"))
      .waitFor();
    assert.ok(await section.locator(".working").isHidden());
  });
});
