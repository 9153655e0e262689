import type { Page } from "../page.js";
import { badge, button, choice } from "../parts/controls.js";
import { drawingPad } from "../parts/drawing-pad.js";
import { grayImage } from "../parts/gray-image.js";
import { group } from "../parts/group.js";
import { html } from "../parts/html.js";
import { latest } from "../parts/latest.js";
import { digitImage, side } from "../work/digit-image.js";
import { digitStrokes } from "../work/digit-strokes.js";
import type { DigitWork, Pixels, Returned } from "../work/mnist.js";
import { digitBars } from "./mnist-bars.js";
import { latentControls } from "./mnist-latent.js";

const digitNames = Object.fromEntries(digitStrokes.map((_, digit) => [digit, String(digit)]));

/** Draw a digit: its class, its score, its way to features and back; and the space between digits. */
export function mount(root: HTMLElement, page: Page): void {
  const work = page.work("mnist");
  const bars = digitBars();
  const seen = grayImage("What the networks see: 28x28 pixels", side);
  const bits = badge("bits-per-dim", "Density");
  const returned = {
    bounded: grayImage("Back by the i-ResNet", side),
    vanilla: grayImage("Back without a bound", side),
  };
  const look = latest(async (pixels: Pixels | undefined) => {
    seen.show(pixels);
    bars.show(undefined);
    bits.text = "–";
    for (const image of Object.values(returned)) image.show(undefined);
    if (!pixels) return;
    try {
      root.setAttribute("aria-busy", "true");
      await measure(await work, pixels);
      page.clearError(root);
    } catch (error) {
      page.fail(root, error);
    } finally {
      root.removeAttribute("aria-busy");
    }
  });
  const measure = async (
    digits: Pick<DigitWork, "classify" | "thereAndBack" | "score">,
    pixels: Pixels,
  ): Promise<void> => {
    const probabilities = await digits.classify(pixels);
    bars.show(probabilities);
    const best = probabilities.indexOf(Math.max(...probabilities));
    page.announce(`It is a ${best}, by ${(100 * probabilities[best]!).toFixed(0)} percent.`);
    for (const network of ["bounded", "vanilla"] as const) {
      const back = await digits.thereAndBack(network, pixels);
      returned[network].show(back.pixels, captionOf(network, back));
    }
    const score = await digits.score(pixels);
    bits.text = `${score.bitsPerDim.toFixed(3)} ± ${score.standardError.toFixed(3)} bits/dim`;
    bits.element.dataset.value = String(score.bitsPerDim);
  };
  const pad = drawingPad({
    label: "Draw a digit here by mouse, pen or finger, or by arrow keys and Space",
    onDrawn: () => {
      look(digitImage(pad.strokes));
    },
    say: page.announce,
  });
  const shipped = choice<string>("Without drawing", digitNames, "3", () => undefined);
  root.append(
    html(
      "div",
      { class: "digits" },
      html(
        "div",
        {},
        pad.element,
        group(
          "buttons",
          button("Clear", () => {
            pad.set([]);
          }),
          shipped,
          button("Draw it for me", () => {
            pad.set(digitStrokes[Number(shipped.value)]!);
          }),
        ),
      ),
      html("div", {}, seen.element, group("badges", bits)),
      bars.element,
    ),
    html("h3", {}, "To the features and back"),
    html(
      "p",
      {},
      "The classifier's features are its input, bent. With Lip(g) < 1 in every block the way back is an iteration that converges. The same network without a bound classifies too, but its iteration may go anywhere.",
    ),
    group("grays", returned.bounded, returned.vanilla),
    ...latentControls(root, page, work, () => digitImage(pad.strokes)),
  );
  pad.set(digitStrokes[3]!);
}

function captionOf(network: "bounded" | "vanilla", back: Returned): string {
  const { error, residual, lipschitz } = back;
  const name = network === "bounded" ? "i-ResNet" : "No bound";
  const bound = `Lip(g) ${lipschitz < 1 ? "≤" : "up to"} ${lipschitz.toPrecision(3)}`;
  const off = Number.isFinite(error)
    ? `off by up to ${shortNumber(error)} of 255 gray levels`
    : "lost";
  if (residual < converged) return `${name}, ${bound}: ${off}`;
  const left = Number.isFinite(residual) ? `left ${shortNumber(residual)}` : "diverged";
  return `${name}, ${bound}: ${off}; the iteration ${left}`;
}

/** Residual, relative to 1 + |y|, up to which an iteration has converged. */
const converged = 1e-4;

function shortNumber(value: number): string {
  return value !== 0 && (value < 1e-3 || value >= 1e4)
    ? value.toExponential(1)
    : value.toPrecision(2);
}
