import type { Page } from "../page.js";
import { badge } from "../parts/controls.js";
import { group } from "../parts/group.js";
import { html } from "../parts/html.js";
import type { TableStage } from "../work/table.js";

export interface TableProgressView {
  readonly element: HTMLElement;
  show(stage: Stage): void;
  /** Nothing is done any more. */
  end(): void;
}

/** Where the section stands: opening a checkpoint has no parts to tell. */
type Stage = TableStage | { readonly kind: "opening" };

const words = {
  opening: "Opening the checkpoint",
  reading: "Reading",
  columns: "Looking at the columns",
  training: "Training",
  scoring: "Scoring",
} as const;

/** How far the work is: a bar, the loss and the time that is left. */
export function tableProgress(page: Page): TableProgressView {
  const bar = html("progress", { max: 1, "aria-label": "Progress" });
  const text = html("span", { class: "stage" });
  const loss = badge("loss", "Loss");
  const left = badge("time-left", "Left");
  const element = html(
    "div",
    { class: "working", hidden: true },
    html("p", {}, text, " ", bar),
    group("badges", loss, left),
  );
  let said: Stage["kind"] | undefined;
  return {
    element,
    show: (stage) => {
      element.hidden = false;
      if (stage.kind !== said) page.announce(words[stage.kind]);
      said = stage.kind;
      text.textContent = detail(stage);
      bar.value = share(stage);
      if (stage.kind !== "training") return;
      loss.text = `${stage.loss.toFixed(3)} nats a row`;
      left.text = `${Math.ceil(stage.secondsLeft)} s at most`;
    },
    end: () => {
      element.hidden = true;
      said = undefined;
    },
  };
}

function detail(stage: Stage): string {
  const word = words[stage.kind];
  switch (stage.kind) {
    case "opening":
      return word;
    case "reading":
      return `${word}: ${(100 * stage.share).toFixed(0)} %`;
    case "columns":
      return `${word} of ${stage.rows} rows`;
    case "training": {
      const what =
        stage.stage === "trial" ? `a trial with noise ${stage.noise}` : `with noise ${stage.noise}`;
      return `${word}, ${what}: step ${stage.step} of ${stage.steps} at most`;
    }
    case "scoring":
      return `${word}: row ${stage.rows} of ${stage.of}`;
  }
}

function share(stage: Stage): number {
  if (stage.kind === "reading") return stage.share;
  if (stage.kind === "training") return stage.step / stage.steps;
  return stage.kind === "scoring" ? stage.rows / stage.of : 0;
}
