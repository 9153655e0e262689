import { proxy } from "comlink";
import type { Page } from "../page.js";
import { button, slider } from "../parts/controls.js";
import { downloadButton } from "../parts/download.js";
import { fileDrop } from "../parts/file-drop.js";
import { html } from "../parts/html.js";
import type { TableModel, TableStage } from "../work/table.js";
import { tableProgress } from "./table-progress.js";
import { columnList, resultsView } from "./table-view.js";

/** Learns and scores a table of the reader's own. */
export function mount(root: HTMLElement, page: Page): void {
  const opened = page.work("table");
  opened.catch((error: unknown) => {
    page.fail(root, error);
  });
  const progress = tableProgress(page);
  const columns = columnList();
  const results = resultsView();
  const problem = html("p", { class: "error", role: "alert", tabindex: -1, hidden: true });
  const model = html("p", { "data-model": "" }, "No model yet.");
  let isOpen = false;

  const told = proxy((stage: TableStage): void => {
    if (stage.kind === "columns") columns.show(stage.columns);
    progress.show(stage);
  });
  /** Does one thing at a time, and shows an error where it is seen and heard. */
  const run = async (step: () => Promise<void>): Promise<void> => {
    problem.hidden = true;
    setBusy(true);
    try {
      await step();
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") {
        page.announce("Cancelled.");
        return;
      }
      problem.textContent = error instanceof Error ? error.message : String(error);
      problem.hidden = false;
      problem.focus();
    } finally {
      progress.end();
      setBusy(false);
    }
  };
  const setModel = (next: TableModel, how: string): void => {
    const { logProb, heldOut } = next;
    const likelihood =
      logProb === undefined
        ? ""
        : ` ${heldOut} held-out rows: log p ${logProb.toFixed(2).replace("-", "−")} nats.`;
    model.textContent = `${how} ${next.name}.${likelihood}`;
    columns.show(next.columns);
    results.show(undefined);
    isOpen = true;
  };
  const score = async (file?: File): Promise<void> => {
    const found = await (await opened).score(file, told);
    results.show(found);
    page.announce(`${found.summary.rows} rows scored.`);
  };
  const train = (file: File): Promise<void> =>
    run(async () => {
      const names = ignored.value.split(",").map((name) => name.trim());
      const options = { ignore: names.filter((name) => name !== ""), steps: steps.value };
      const learned = await (await opened).train(file, options, told);
      if (!learned) {
        page.announce("Cancelled before there was a model.");
        return;
      }
      setModel(learned, "Learned of");
      await score();
    });
  const openCheckpoint = (file: File): Promise<void> =>
    run(async () => {
      setModel(await (await opened).openCheckpoint(file), "Opened from");
      page.announce("The checkpoint is open. Choose a file of rows to score.");
    });

  const drops = {
    learn: fileDrop("Rows to learn", ".csv,.tsv,.txt,.json,.jsonl,.npz,.parquet,.gz", (file) => {
      void (file.name.endsWith(".safetensors") ? openCheckpoint(file) : train(file));
    }),
    checkpoint: fileDrop("A checkpoint to open", ".safetensors", (file) => {
      void openCheckpoint(file);
    }),
    score: fileDrop(
      "Rows to score with the model",
      ".csv,.tsv,.txt,.json,.jsonl,.npz,.parquet,.gz",
      (file) => {
        void run(() => score(file));
      },
    ),
  };
  const ignored = html("input", { type: "text", id: "table-ignored", placeholder: "id, name" });
  const steps = slider({
    label: "Most training steps",
    min: 100,
    max: 1200,
    step: 100,
    value: 600,
  });
  const example = button("Try the example", () => {
    void opened.then(async (work) => {
      await train(new File([await work.example()], "example.csv", { type: "text/csv" }));
    });
  });
  const cancel = button("Cancel", () => {
    void opened.then((work) => work.cancel());
  });
  const downloads = [
    downloadButton("Scores (CSV)", "scores.csv", async () => (await opened).scoresCsv()),
    downloadButton("Checkpoint", "table.safetensors", async () => (await opened).checkpoint()),
    downloadButton("ONNX file", "table.onnx", async () => (await opened).onnx()),
  ].map(({ element, save }) => {
    element.addEventListener("click", () => void run(save));
    return element;
  });
  const setBusy = (isBusy: boolean): void => {
    if (isBusy) root.setAttribute("aria-busy", "true");
    else root.removeAttribute("aria-busy");
    for (const drop of Object.values(drops)) drop.disabled = isBusy;
    if (!isOpen) drops.score.disabled = true;
    example.disabled = isBusy;
    cancel.disabled = !isBusy;
    for (const download of downloads) download.disabled = isBusy || !isOpen;
    if (downloads[0] && !results.isShown) downloads[0].disabled = true;
  };
  setBusy(false);
  root.append(
    html(
      "div",
      { class: "controls" },
      html(
        "div",
        { class: "control" },
        html("label", { for: "table-ignored" }, "Columns to leave out"),
        ignored,
      ),
      steps.element,
    ),
    html("div", { class: "drops" }, ...Object.values(drops).map(({ element }) => element)),
    html("div", { class: "buttons" }, example, cancel),
    problem,
    progress.element,
    model,
    html("div", { class: "buttons" }, ...downloads),
    results.element,
    columns.element,
  );
}
