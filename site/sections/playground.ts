import { proxy, type Remote } from "comlink";
import { badge, button, choice, slider } from "../parts/controls.js";
import { keepFocus } from "../parts/focus.js";
import { group } from "../parts/group.js";
import { readHash, writeHash } from "../parts/hash.js";
import type { Page } from "../page.js";
import type { Pictures } from "../work/picture.js";
import type { Playground, PlaygroundNews } from "../work/playground.js";
import type { PlaneSource } from "../work/plane-data.js";
import { PlaygroundPlots } from "./playground-plots.js";
import { hashOf, settingsOf, sources, activations, rates, widths } from "./playground-settings.js";

const id = "playground";
/** Fewer points than these aren't worth a density. */
const fewestDrawn = 3;
/** Points of a density that are shown before it is learned. */
const shownPoints = 1000;
/** What is shown before anyone has trained. */
const shipped = { name: "moons", source: "moons" } as const;

export function mount(root: HTMLElement, page: Page): void {
  const settings = settingsOf(readHash(id));
  let drawn = settings.drawn;
  let generation = 0;
  let state: "idle" | "starting" | "playing" | "paused" = "idle";
  let giveFocusBack: (() => void) | undefined;
  const opened = page.work(id);
  let work: Remote<Playground> | undefined;

  const plots = new PlaygroundPlots({
    say: page.announce,
    onPoint: (x, y) => {
      if (source.value !== "drawn") chooseSource("drawn");
      drawn = [...drawn, Math.round(x * 20) / 20, Math.round(y * 20) / 20];
      changed();
      count.text = String(drawn.length / 2);
    },
    onDelete: () => {
      drawn = drawn.slice(0, -2);
      changed();
      count.text = String(drawn.length / 2);
    },
  });

  const source = choice<PlaneSource>("Density", sources, settings.source, () => {
    chooseSource(source.value);
  });
  const width = choice("Units of each hidden layer", widths, String(settings.width), changed);
  const blocks = slider({
    label: "Residual blocks",
    min: 1,
    max: 16,
    step: 1,
    value: settings.blocks,
    onChange: changed,
  });
  const activation = choice("Activation", activations, settings.activation, changed);
  const rate = slider({
    label: "Learning rate",
    min: 0,
    max: rates.length - 1,
    step: 1,
    value: rates.indexOf(settings.learningRate),
    format: (i) => String(rates[i]),
    onChange: () => {
      write();
      if (state === "playing" || state === "paused")
        attempt(work!.setRate(settingsNow().learningRate));
    },
  });

  const play = button("Play", () => {
    if (state === "playing") pause();
    else run(true);
  });
  play.classList.add("primary");
  const step = button("Step", () => {
    run(false);
  });
  const reset = button("Reset", () => {
    changed();
    page.announce("The network is forgotten.");
  });
  const clear = button("Clear drawn points", () => {
    drawn = [];
    count.text = "0";
    changed();
  });
  const speed = badge("speed", "steps/s");
  const steps = badge("step", "step");
  const loss = badge("loss", "loss, nats");
  const heldOut = badge("held-out", "held-out −log p, nats");
  const failed = badge("failed", "inverses that failed");
  const engine = badge("engine", "engine");
  const count = badge("drawn", "drawn points");
  count.text = String(drawn.length / 2);
  page.onEngine((now) => {
    engine.text =
      now.kind === "ready" ? now.description.replace(/^onnxruntime-web \S+ /, "") : now.kind;
  });

  root
    .querySelector(".stage")!
    .replaceChildren(
      group("controls", source, blocks, width, activation, rate),
      group("buttons", play, step, reset, clear),
      group("badges", steps, loss, heldOut, speed, failed, count, engine),
      plots.element,
    );

  function settingsNow(): ReturnType<typeof settingsOf> {
    return {
      source: source.value,
      drawn,
      blocks: blocks.value,
      width: Number(width.value),
      activation: activation.value,
      learningRate: rates[rate.value]!,
    };
  }
  function write(): void {
    writeHash(id, hashOf(settingsNow()));
  }
  function chooseSource(next: PlaneSource): void {
    source.value = next;
    changed();
  }
  /** What is chosen has changed: the run ends, and the plots show the data alone. */
  function changed(): void {
    generation++;
    write();
    if (state !== "idle" && work) attempt(work.reset());
    setState("idle");
    for (const one of [steps, loss, heldOut, speed, failed]) one.text = "–";
    page.clearError(root);
    attempt(showData());
  }
  async function showData(): Promise<void> {
    const chosen = source.value;
    plots.setTouchDraws(chosen === "drawn");
    if (chosen === "drawn") plots.clear(drawn);
    else {
      const points = await (await opened).points(chosen, new Float32Array());
      if (state === "idle" && source.value === chosen) plots.clear(points.subarray(0, shownPoints));
    }
  }
  function setState(next: typeof state): void {
    const keep = next === "starting" ? keepFocus() : undefined;
    state = next;
    play.textContent = state === "playing" ? "Pause" : "Play";
    play.disabled = step.disabled = state === "starting";
    root.dataset.state = state;
    giveFocusBack?.();
    giveFocusBack = keep;
  }
  function pause(): void {
    void work?.pause();
    setState("paused");
    page.announce(`Paused at step ${steps.text}, loss ${loss.text} nats.`);
  }
  function run(isPlaying: boolean): void {
    if (source.value === "drawn" && drawn.length < 2 * fewestDrawn) {
      page.fail(
        root,
        new Error(`Draw at least ${fewestDrawn} points first: press on the first plot.`),
      );
      return;
    }
    attempt(begin(isPlaying));
  }
  async function begin(isPlaying: boolean): Promise<void> {
    if (state === "idle") {
      const mine = ++generation;
      setState("starting");
      plots.clear(source.value === "drawn" ? drawn : []);
      work = await opened;
      const settings = { ...settingsNow(), drawn: Float32Array.from(drawn) };
      const told = (news: PlaygroundNews): void => {
        if (mine === generation) hear(news);
      };
      await work.start(settings, isPlaying, proxy(told));
      if (mine !== generation) return;
      const { learningRate } = settingsNow();
      if (learningRate !== settings.learningRate) await work.setRate(learningRate);
    } else if (isPlaying) {
      await work!.play();
    } else {
      await work!.pause();
      await work!.step();
    }
    setState(isPlaying ? "playing" : "paused");
    page.announce(isPlaying ? "Training." : `Step ${steps.text}, loss ${loss.text} nats.`);
  }
  function hear(news: PlaygroundNews): void {
    if (news.kind === "failed") {
      setState("idle");
      page.fail(root, new Error(news.reason));
      return;
    }
    steps.text = String(news.step);
    speed.text = news.stepsPerSecond.toFixed(0);
    const last = news.losses.at(-1);
    if (last !== undefined) loss.text = last.toFixed(3);
    if (news.forward) heldOut.text = news.forward.heldOut.toFixed(3);
    if (news.inverse) failed.text = `${(100 * news.inverse.failed).toFixed(1)} %`;
    plots.update(news);
  }
  function attempt(promise: Promise<unknown>): void {
    promise.catch((error: unknown) => {
      setState("idle");
      page.fail(root, error);
    });
  }

  /** The shipped density: first as it was drawn beforehand, then as it is drawn here. */
  async function showShipped(): Promise<void> {
    const show = (pictures: Pictures): void => {
      if (generation !== 0) return;
      plots.show(pictures);
      heldOut.text = pictures.forward.heldOut.toFixed(3);
    };
    show((await page.drawn(shipped.name)) as Pictures);
    show(await (await opened).show(`checkpoints/${shipped.name}.safetensors`, shipped.source));
    root.dataset.shown = "checkpoint";
  }

  setState("idle");
  attempt(settings.source === shipped.source ? showShipped() : showData());
  attempt(opened.then((task) => task.warm()));
}
