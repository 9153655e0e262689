import type { Remote } from "comlink";
import type { Page } from "../page.js";
import { animation } from "../parts/animation.js";
import { badge, button, choice, slider, toggle } from "../parts/controls.js";
import { group } from "../parts/group.js";
import { scientific } from "../parts/scientific.js";
import type { InverseTrace, Inversion } from "../work/inversion.js";
import type { Vector } from "../work/anderson.js";
import type { ShippedBound } from "../work/shipped.js";
import { boundNames, densityOf } from "./bound-names.js";
import { InversePlots, type Frame } from "./inverse-plots.js";

const framesPerSecond = 12;

export function mount(root: HTMLElement, page: Page): void {
  let x: Vector = [1.5, 1.5];
  let frames: Frame[] = [];
  let work: Remote<Inversion> | undefined;
  let asked = 0;

  const plots = new InversePlots((px, py) => {
    x = [px, py];
    update();
  }, page.announce);
  const bound = choice<ShippedBound>("Network", boundNames, "0.9", () => {
    showDensity();
    update();
  });
  const accelerated = toggle("Anderson acceleration, depth 1", false, update);
  const time = slider({
    label: "Iteration",
    min: 0,
    max: 0,
    step: 1,
    value: 0,
    format: (i) => {
      const frame = frames[i];
      return frame ? `block ${frame.block.block}, iteration ${frame.at}` : "–";
    },
    onInput: () => {
      clock.pause();
      show();
    },
  });
  const input = time.element.querySelector("input")!;
  const clock = animation(
    framesPerSecond,
    () => {
      if (time.value >= frames.length - 1) return false;
      time.value++;
      show();
      return true;
    },
    say,
  );
  const play = button("Play", () => {
    if (clock.isPlaying) clock.pause();
    else {
      if (time.value >= frames.length - 1) time.value = 0;
      clock.play();
    }
    label();
  });
  play.classList.add("primary");
  const error = badge("error", "error |xᵢ − x|₂");
  const certified = badge("certified", "certified bound on the error");
  const lipschitz = badge("lipschitz-of-block", "certified Lip(g) of this block");
  const total = badge("iterations", "iterations in all");
  const back = badge("back", "f⁻¹(f(x)) misses x by");

  root
    .querySelector(".stage")!
    .replaceChildren(
      group("controls", bound, time, accelerated),
      group("buttons", play),
      group("badges", error, certified, lipschitz, total, back),
      plots.element,
    );

  function label(): void {
    play.textContent = clock.isPlaying ? "Pause" : "Play";
  }
  function show(): void {
    label();
    const frame = frames[time.value];
    if (!frame) return;
    const { block, at } = frame;
    error.text = scientific(block.errors[at]!);
    certified.text =
      block.lipschitz < 1 ? scientific(block.bounds[at]!) : "none: Lip(g) isn't below 1";
    lipschitz.text =
      block.lipschitz < 1e4 ? block.lipschitz.toFixed(4) : scientific(block.lipschitz);
    plots.draw(frames, time.value, x);
  }
  function say(): void {
    label();
    page.announce(`${total.text} iterations; the inverse misses the point by ${back.text}.`);
  }
  function showDensity(): void {
    densityOf(page, bound.value).then(
      (density) => {
        plots.showDensity(density);
      },
      (reason: unknown) => {
        page.fail(root, reason);
      },
    );
  }
  function update(): void {
    const mine = ++asked;
    clock.pause();
    root.dataset.state = "computing";
    trace()
      .then((result) => {
        if (mine !== asked) return;
        take(result);
      })
      .catch((reason: unknown) => {
        page.fail(root, reason);
      });
  }
  async function trace(): Promise<InverseTrace> {
    work ??= await page.work("inversion");
    return work.trace(bound.value, x, accelerated.value);
  }
  function take({ blocks, found, x: from }: InverseTrace): void {
    frames = blocks.flatMap((block) => block.iterates.map((_, at) => ({ block, at })));
    input.max = String(frames.length - 1);
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    time.value = isStill ? frames.length - 1 : 0;
    total.text = String(blocks.reduce((sum, { iterates }) => sum + iterates.length - 1, 0));
    back.text = scientific(Math.hypot(found[0] - from[0], found[1] - from[1]));
    root.dataset.state = "shown";
    show();
    if (isStill) say();
    else clock.play();
    label();
  }

  showDensity();
  update();
}
