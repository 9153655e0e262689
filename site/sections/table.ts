import { proxy } from "comlink";
import type { Page } from "../page.js";
import { button, slider, textField } from "../parts/controls.js";
import { downloadButton } from "../parts/download.js";
import { fileDrop } from "../parts/file-drop.js";
import { keepFocus } from "../parts/focus.js";
import { group } from "../parts/group.js";
import { html } from "../parts/html.js";
import { inTurn } from "../parts/in-turn.js";
import type { TableModel, TableStage } from "../work/table.js";
import { tableProgress } from "./table-progress.js";
import { columnList, resultsView } from "./table-view.js";

const rowFiles = ".csv,.tsv,.txt,.json,.jsonl,.npz,.parquet,.gz";

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
  const queue = html("p", { class: "note", "data-waiting": "", hidden: true });
  const model = html("p", { "data-model": "" }, "No model yet.");
  let isOpen = false;

  const told = proxy((stage: TableStage): void => {
    if (stage.kind === "columns") columns.show(stage.columns);
    progress.show(stage);
  });
  const turns = inTurn((waiting) => {
    queue.hidden = waiting.length === 0;
    queue.textContent = `Waits for what is under way: ${waiting.join(", ")}.`;
    if (!queue.hidden) page.announce(queue.textContent);
  });
  /** Does one thing at a time, and shows an error where it is seen and heard. */
  const run = (name: string, step: () => Promise<void>): void => {
    turns.add(name, () => attempt(step));
  };
  const attempt = async (step: () => Promise<void>): Promise<void> => {
    const giveFocusBack = keepFocus();
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
      giveFocusBack();
    }
  };
  const setModel = (next: TableModel, how: string): void => {
    model.textContent = `${how} ${next.name}.${next.heldOut ? likelihoodOf(next.heldOut) : ""}`;
    columns.show(next.columns);
    results.show(undefined);
    isOpen = true;
  };
  const score = async (file?: File): Promise<void> => {
    const found = await (await opened).score(file, told);
    results.show(found);
    page.announce(`${found.summary.rows} rows scored.`);
  };
  const train = (file: File): void => {
    run(file.name, async () => {
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
  };
  const openCheckpoint = (file: File): void => {
    run(file.name, async () => {
      progress.show({ kind: "opening" });
      setModel(await (await opened).openCheckpoint(file), "Opened from");
      page.announce("The checkpoint is open. Choose a file of rows to score.");
    });
  };

  const drops = [
    fileDrop("Rows to learn", rowFiles, (file) => {
      if (file.name.endsWith(".safetensors")) openCheckpoint(file);
      else train(file);
    }),
    fileDrop("A checkpoint to open", ".safetensors", openCheckpoint),
    fileDrop("Rows to score with the model", rowFiles, (file) => {
      run(file.name, () => score(file));
    }),
  ];
  const ignored = textField("Columns to leave out", "id, name");
  const steps = slider({
    label: "Most training steps",
    min: 100,
    max: 1200,
    step: 100,
    value: 600,
  });
  const example = button("Try the example", () => {
    void opened.then(async (work) => {
      train(new File([await work.example()], "example.csv", { type: "text/csv" }));
    });
  });
  const cancel = button("Cancel", () => {
    turns.clear();
    void opened.then((work) => work.cancel());
  });
  const downloads = [
    downloadButton("Scores (CSV)", "scores.csv", async () => (await opened).scoresCsv()),
    downloadButton("Checkpoint", "table.safetensors", async () => (await opened).checkpoint()),
    downloadButton("ONNX file", "table.onnx", async () => (await opened).onnx()),
  ].map(({ element, save }) => {
    element.addEventListener("click", () => {
      run(element.textContent, save);
    });
    return element;
  });
  const setBusy = (isBusy: boolean): void => {
    if (isBusy) root.setAttribute("aria-busy", "true");
    else root.removeAttribute("aria-busy");
    example.disabled = isBusy;
    cancel.disabled = !isBusy;
    for (const download of downloads) download.disabled = isBusy || !isOpen;
    if (downloads[0] && !results.isShown) downloads[0].disabled = true;
  };
  setBusy(false);
  root.append(
    group("controls", ignored, steps),
    group("drops", ...drops),
    group("buttons", example, cancel),
    problem,
    progress.element,
    queue,
    model,
    group("buttons", ...downloads),
    results.element,
    columns.element,
  );
}

function likelihoodOf({ logProb, heldOut, choosing }: NonNullable<TableModel["heldOut"]>): string {
  const value = logProb.toFixed(2).replace("-", "−");
  return ` ${choosing} of ${heldOut} held-out rows chose the model: their mean log p is ${value} nats.`;
}
