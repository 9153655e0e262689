import { proxy, type Remote } from "comlink";
import type { Page } from "../page.js";
import { badge, button, slider } from "../parts/controls.js";
import { group } from "../parts/group.js";
import { readHash, writeHash } from "../parts/hash.js";
import { html } from "../parts/html.js";
import type { BoundMeasured, Bounds } from "../work/bounds.js";
import { DragPlots } from "./drag-c-plots.js";
import { scientific } from "../parts/scientific.js";

const id = "drag-c";
const most = 1.5;
/** Where the slider stands for no bound at all. */
const none = 1.52;
const boundAt = (value: number): number | null => (value > most ? null : value);
const placeOf = (c: number | null): number => c ?? none;
const nameOf = (c: number | null): string => (c === null ? "no bound" : c.toFixed(2));

export function mount(root: HTMLElement, page: Page): void {
  let shipped: readonly BoundMeasured[] = [];
  let own: BoundMeasured[] = [];
  let work: Remote<Bounds> | undefined;
  let training = 0;

  const plots = new DragPlots();
  const bound = slider({
    label: "c, bound on the norm of each layer",
    min: 0.5,
    max: none,
    step: 0.02,
    value: startOf(readHash(id)),
    format: (value) => nameOf(boundAt(value)),
    onInput: () => {
      stop();
      show(nearest());
    },
    onChange: release,
  });
  const place = bound.element.querySelector("input")!;
  place.disabled = true; // until there is something to show
  const cancel = button("Stop training", () => {
    stop();
    place.focus(); // the button, which had the focus, is hidden
  });
  cancel.hidden = true;
  const progress = html("progress", { max: 1, "aria-label": "Retraining" });
  progress.hidden = true;
  const shownAs = badge("shown", "shown: c =");
  const exact = badge("exact", "−log p, exact, nats");
  const series = badge("series", "−log p by the series, nats");
  const lipschitz = badge("lipschitz", "largest certified Lip(g)");
  const integral = badge("integral", "integral of p over the square");
  const missed = badge("missed", "points that the inverse misses");
  const verdict = html("p", { class: "verdict", "aria-live": "polite" });

  root
    .querySelector(".stage")!
    .replaceChildren(
      group("controls", bound),
      group("buttons", cancel, progress),
      group("badges", shownAs, exact, series, lipschitz, integral, missed),
      verdict,
      plots.element,
    );

  function nearest(): BoundMeasured {
    const distance = ({ c }: BoundMeasured): number => Math.abs(placeOf(c) - bound.value);
    return [...shipped, ...own].reduce((a, b) => (distance(b) < distance(a) ? b : a));
  }
  function show(measured: BoundMeasured): void {
    shownAs.text = nameOf(measured.c);
    exact.text = measured.exact.toFixed(3);
    series.text =
      Math.abs(measured.series) < 1e4 ? measured.series.toFixed(3) : scientific(measured.series);
    lipschitz.text = measured.lipschitz.toFixed(3);
    integral.text = measured.integral.toFixed(3);
    missed.text = `${(100 * measured.missed).toFixed(1)} %`;
    verdict.textContent = verdictOf(measured);
    plots.draw(measured, [...shipped, ...own], placeOf);
  }
  function release(): void {
    const c = boundAt(bound.value);
    writeHash(id, { c: c === null ? "none" : c.toFixed(2) });
    const known = nearest();
    if (Math.abs(placeOf(known.c) - bound.value) < 0.005) show(known);
    else retrain(c).catch(fail);
  }
  async function retrain(c: number | null): Promise<void> {
    const mine = ++training;
    setTraining(0);
    page.announce(`Training with c ${nameOf(c)}.`);
    work ??= await page.work("bounds");
    if (mine !== training) return;
    const measured = await work.retrain(
      c,
      proxy((share: number) => {
        if (mine === training) setTraining(share);
      }),
    );
    if (mine !== training) return;
    setTraining(undefined);
    own = [...own, measured];
    show(measured);
  }
  function stop(): void {
    training++;
    setTraining(undefined);
    void work?.cancel();
  }
  function setTraining(share: number | undefined): void {
    cancel.hidden = progress.hidden = share === undefined;
    if (share !== undefined) progress.value = share;
    root.dataset.state = share === undefined ? "shown" : "training";
  }
  function fail(error: unknown): void {
    if (error instanceof Error && error.name === "AbortError") return;
    setTraining(undefined);
    page.fail(root, error);
  }

  page
    .drawn("bounds")
    .then((measured) => {
      shipped = measured as BoundMeasured[];
      place.disabled = false;
      setTraining(undefined);
      show(nearest());
    })
    .catch(fail);
}

function startOf(hash: URLSearchParams): number {
  const text = hash.get("c");
  if (text === "none") return none;
  const c = Number(text ?? NaN);
  return c >= 0.5 && c <= most ? c : 0.9;
}

/** What the numbers say, in words. */
function verdictOf({ c, lipschitz, exact, series, integral, missed }: BoundMeasured): string {
  if (lipschitz < 1) {
    return `Every block is certified to have an inverse: Lip(g) is at most ${lipschitz.toFixed(3)}. The integral of p is ${integral.toFixed(3)}; what is left lies outside the square.`;
  }
  const bound = c === null ? "Without a bound" : `With c = ${c.toFixed(2)}`;
  return `${bound} nothing keeps the blocks invertible. The series that training minimised says ${Math.abs(series) < 1e4 ? series.toFixed(2) : scientific(series)} nats; the determinants say ${exact.toFixed(2)}. Even those aren't a log-likelihood: p integrates to ${integral.toFixed(3)} over the square, for the map folds the plane. The inverse misses ${(100 * missed).toFixed(0)} % of the points.`;
}
