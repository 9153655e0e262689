import { flip } from "../data/flip.js";
import { translate } from "../data/translate.js";
import type { Runner } from "../runner/index.js";
import type { NDArray } from "../tree.js";
import { leastProbability } from "./classification-count.js";

/** Pixels right and down of the windows on an image, and what their logits weigh. */
const windows = [
  { right: 0, down: 0, weight: 1 / 2 },
  { right: 1, down: 1, weight: 1 / 4 },
  { right: -1, down: -1, weight: 1 / 4 },
] as const;

/** How many images are looked at for each one. */
export const viewsOfImage = 2 * windows.length;

/**
 * Class probabilities `[B, classes]` of images `[B, C, H, W]`, from six views of each: as it is and
 * moved by a pixel along the diagonal either way, reflected at the edges, each also mirrored left to
 * right. They are the softmax of the mean of the views' logits, in which those of the moved ones weigh
 * half as much.
 *
 * @see Jordan 2024, section 3.5, https://arxiv.org/abs/2404.00498
 */
export async function predictByViews(runner: Runner, x: NDArray): Promise<NDArray> {
  const images = x.shape[0]!;
  const all = Array<boolean>(images).fill(true);
  const views = windows.flatMap(({ right, down, weight }) => {
    const moved = translate(x, Array(images).fill({ right, down }));
    return [moved, flip(moved, all)].map((view) => ({ view, weight: weight / 2 }));
  });
  const sums = new Float64Array(images * runner.model.classifier!.classes);
  for (const { view, weight } of views) {
    const { data } = await runner.predict(view);
    data.forEach((p, i) => (sums[i]! += weight * Math.log(Math.max(p, leastProbability))));
  }
  return { shape: [images, sums.length / images], data: softmaxRows(sums, images) };
}

function softmaxRows(logits: Float64Array, rows: number): Float32Array {
  const columns = logits.length / rows;
  const data = new Float32Array(logits.length);
  for (let first = 0; first < logits.length; first += columns) {
    const row = logits.subarray(first, first + columns);
    const largest = Math.max(...row);
    const powers = row.map((logit) => Math.exp(logit - largest));
    const sum = powers.reduce((a, b) => a + b, 0);
    data.set(
      powers.map((power) => power / sum),
      first,
    );
  }
  return data;
}
