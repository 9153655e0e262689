import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, it } from "node:test";
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
  type Checkpoint,
  type Engine,
  type TableScores,
} from "../../src/index.js";
import { nodeEngine, openOnnxFile, openRunner } from "../../src/node.js";
import { csvOf, measurements, tableOf } from "../tables/measurements.js";
import { describeIn, openSite, type OpenPage, type TestSite } from "./site.js";

/** A file to drop on a field of the section. */
interface Dropped {
  readonly on: "Rows to learn" | "A checkpoint to open" | "Rows to score with the model";
  readonly name: string;
  readonly content: Uint8Array | string;
}

/** Drops files on fields, one right after another, and gives what the section says of those that wait. */
function drop(page: Page, ...files: readonly Dropped[]): Promise<string> {
  const encoded = files.map(({ content, ...file }) => ({
    ...file,
    base64: Buffer.from(content).toString("base64"),
  }));
  return page.evaluate((dropped) => {
    const fields = [...document.querySelectorAll("#table .drop")];
    for (const { on, name, base64 } of dropped) {
      const field = fields.find((one) => one.querySelector("label")!.textContent === on)!;
      const dataTransfer = new DataTransfer();
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      dataTransfer.items.add(new File([bytes], name));
      field.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
    }
    return document.querySelector("#table [data-waiting]")!.textContent;
  }, encoded);
}

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
  await page.locator("#table").getByRole("button", { name: button, exact: true }).click();
  return readFile(await (await waiting).path());
}

/** Downloads a file of the server: Firefox tells of no blob's download before that. */
async function downloadFile(page: Page): Promise<void> {
  const waiting = page.waitForEvent("download");
  await page.evaluate(() => {
    const link = document.createElement("a");
    link.href = "theme.css";
    link.download = "";
    link.click();
  });
  await waiting;
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

describeIn(["Chromium", "Firefox"], "a reader's table on the page", (browser) => {
  let site: TestSite;
  let engine: Engine;
  let opened: OpenPage;
  let checkpoint: Checkpoint;
  before(async () => {
    [site, engine] = await Promise.all([openSite(browser), nodeEngine({ threads: 1 })]);
    const learned = tableData(await tableOf(csvOf(measurements(200, 7))));
    const options = { engine, steps: 60, onWarning: () => undefined };
    checkpoint = (await fitTable(learned, options))!.checkpoint;
    opened = await site.open("#table", { acceptDownloads: true, reducedMotion: "reduce" });
    await opened.page.locator("#table .drops").waitFor();
    await downloadFile(opened.page);
  });
  after(async () => {
    await engine.close();
    await site.close();
  });

  it("scores by a checkpoint of Node's as Node does", async () => {
    const { page } = opened;
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
      buffer: Buffer.from(encodeCheckpoint(checkpoint)),
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

    const runner = await openRunner(checkpoint, { engine });
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

  it("scores rows that are dropped while a checkpoint opens", async () => {
    const { page, problems } = opened;
    const waiting = await drop(
      page,
      {
        on: "A checkpoint to open",
        name: "again.safetensors",
        content: encodeCheckpoint(checkpoint),
      },
      { on: "Rows to score with the model", name: "30.csv", content: csvOf(measurements(30, 9)) },
    );
    assert.equal(waiting, "Waits for what is under way: 30.csv.");
    await page
      .locator("#table [data-summary]")
      .filter({ hasText: /^30 rows\./ })
      .waitFor();
    await page.locator("#table").getByText("Opened from again.safetensors").waitFor();
    assert.ok(await page.locator("#table [data-waiting]").isHidden());
    assert.deepEqual(problems, []);
  });

  it(
    "learns the example, names its odd rows, and saves what Node opens",
    browser.long,
    async () => {
      const { page } = opened;
      const section = page.locator("#table");
      await section.getByRole("slider", { name: "Most training steps" }).focus();
      await page.keyboard.press("Home");
      await section.getByRole("button", { name: "Try the example" }).click();
      await section.locator("[data-badge=loss]").waitFor();
      await section.getByText("Learned of example.csv").waitFor();
      await scored(page);
      const rows = section.locator("table.unusual tbody tr");
      const lines = await rows.evaluateAll((all) =>
        all.map((row) => row.getAttribute("data-line")),
      );
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
    },
  );

  it(
    "says what is wrong with a file, with its place, and takes the reader there",
    browser.long,
    async () => {
      const { page, problems } = opened;
      const section = page.locator("#table");
      const bad = async (
        on: Dropped["on"],
        name: string,
        content: string,
        message: RegExp,
      ): Promise<void> => {
        await drop(page, { on, name, content });
        const alert = section.getByRole("alert");
        await alert.filter({ hasText: name }).waitFor();
        assert.match((await alert.textContent()) ?? "", message);
        assert.ok(await alert.evaluate((element) => element === document.activeElement));
        await section
          .getByRole("button", { name: "Try the example" })
          .and(page.locator(":enabled"))
          .waitFor();
      };
      const good = Array.from({ length: 30 }, (_, i) => `${i},${i * i}`).join("\n");
      const [learn, open] = ["Rows to learn", "A checkpoint to open"] as const;
      const long = `a,b\n${"1,2\n".repeat(200_001)}`;
      await bad(learn, "ragged.csv", `a,b\n${good}\n7,8,9\n`, /line 32/);
      await bad(learn, "few.csv", "a,b\n1,2\n", /few\.csv: expected at least 8 rows/);
      await bad(learn, "empty.csv", "", /empty\.csv: expected/);
      await bad(open, "no.safetensors", "a,b\n1,2\n", /no\.safetensors: expected/);
      await bad(learn, "long.csv", long, /at most 200,000 rows/);
      // What was open stays so.
      await section.getByText("Learned of example.csv").waitFor();
      assert.deepEqual(problems, []);
    },
  );

  it("ends a training that is cancelled", browser.long, async () => {
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
