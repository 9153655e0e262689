import type { Page } from "../page.js";
import { button, choice, slider } from "../parts/controls.js";
import { keepFocus } from "../parts/focus.js";
import { grayImage } from "../parts/gray-image.js";
import { group } from "../parts/group.js";
import { html } from "../parts/html.js";
import { latest } from "../parts/latest.js";
import { digitImage, side } from "../work/digit-image.js";
import { digitStrokes } from "../work/digit-strokes.js";
import type { DigitWork, Pixels } from "../work/mnist.js";

const ends = {
  drawing: "my drawing",
  ...Object.fromEntries(digitStrokes.map((_, digit) => [String(digit), String(digit)])),
};
const drawn = 8;

/** Slides between two digits and draws new ones, in the latent space of the density. */
export function latentControls(
  root: HTMLElement,
  page: Page,
  work: Promise<Pick<DigitWork, "between" | "sample">>,
  drawing: () => Pixels | undefined,
): HTMLElement[] {
  const between = grayImage("Between the two", side);
  const samples = Array.from({ length: drawn }, (_, i) => grayImage(`draw ${i + 1}`, side));
  const failing = (step: () => Promise<void>): Promise<void> =>
    step().then(
      () => {
        page.clearError(root);
      },
      (error: unknown) => {
        page.fail(root, error);
      },
    );
  const slide = latest((t: number) =>
    failing(async () => {
      const [a, b] = [from, to].map(({ value }) =>
        value === "drawing" ? drawing() : digitImage(digitStrokes[Number(value)]!),
      );
      if (!a || !b) {
        between.show(undefined, "Draw a digit first");
        return;
      }
      between.element.setAttribute("aria-busy", "true");
      between.show(await (await work).between(a, b, t), `${t.toFixed(2)} of the way`);
    }).finally(() => {
      between.element.removeAttribute("aria-busy");
    }),
  );
  const again = (): void => {
    slide(place.value);
  };
  const from = choice<string>("From", ends, "3", again);
  const to = choice<string>("To", ends, "8", again);
  const place = slider({
    label: "Between the two",
    min: 0,
    max: 1,
    step: 0.05,
    value: 0.5,
    format: (t) => `${t.toFixed(2)} of the way`,
    onInput: slide,
  });
  let giveFocusBack = (): void => undefined;
  const sample = latest((temperature: number) =>
    failing(async () => {
      giveFocusBack = keepFocus();
      draw.disabled = true;
      draw.textContent = "Drawing …";
      const images = await (await work).sample(drawn, temperature);
      images.forEach((pixels, i) => {
        samples[i]!.show(pixels);
      });
      page.announce(`${drawn} digits drawn at temperature ${temperature}.`);
    }).finally(() => {
      draw.disabled = false;
      draw.textContent = "Draw digits";
      giveFocusBack();
    }),
  );
  const heat = slider({
    label: "Temperature",
    min: 0,
    max: 1.2,
    step: 0.1,
    value: 0.7,
    format: (t) => t.toFixed(1),
    onChange: sample,
  });
  const draw = button("Draw digits", () => {
    sample(heat.value);
  });
  return [
    html("h3", {}, "Between two digits"),
    html(
      "p",
      {},
      "The density maps each image to a point of a Gaussian. A point on the arc between two of them, mapped back, is the image in between. An end is its digit again.",
    ),
    group("controls", from, to, place),
    group("buttons", button("Show", again)),
    group("grays", between),
    html("h3", {}, "New digits"),
    html(
      "p",
      {},
      "Draws of the Gaussian, mapped back. The temperature scales its deviation: 1 is the model's own, below 1 digits are plainer and more alike, 0 is the image of the origin.",
    ),
    group("controls", heat),
    group("buttons", draw),
    html("div", { class: "grays small" }, ...samples.map(({ element }) => element)),
  ];
}
