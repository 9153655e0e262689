import { spread, view, type Pictures } from "../work/picture.js";
import type { TrainingUpdate } from "../work/training.js";
import { group } from "../parts/group.js";
import { dotLayer, heatLayer, lineLayer, noteLayer, peakOf } from "../parts/layers.js";
import { createPlot, type Interval } from "../parts/plot.js";
import { pointInput } from "../parts/point-input.js";

const square = { domain: view };
const dataAxes = {
  x: { label: "x₁", ...square },
  y: { label: "x₂", ...square },
};
const latentAxes = (domain: Interval) => ({
  x: { label: "z₁", domain },
  y: { label: "z₂", domain },
});
/** Losses that are drawn, one for so many steps where there are more. */
const mostLosses = 600;
const untrained = noteLayer("Press Play to train");

export interface PlotsOptions {
  readonly onPoint: (x: number, y: number) => void;
  readonly onDelete: () => void;
  readonly say: (text: string) => void;
}

/** The playground's pictures: density, samples, the grid both ways, and the loss. */
export class PlaygroundPlots {
  readonly element: HTMLElement;
  readonly #density = createPlot({
    title: "Density p(x)",
    ...dataAxes,
    colors: { label: "p(x)", domain: [0, 1] },
  });
  readonly #samples = createPlot({ title: "Samples", ...dataAxes });
  readonly #forward = createPlot({
    title: "Data’s grid in latent space",
    ...latentAxes([-4, 4]),
  });
  readonly #back = createPlot({ title: "Latent grid in data space", ...dataAxes });
  readonly #loss = createPlot({
    title: "Loss: mean of −log p(x) over a batch",
    x: { label: "training step", domain: [0, 100] },
    y: { label: "loss (nats)", domain: [2, 5] },
    aspect: 0.22,
  });
  readonly #cursor;
  #points: ArrayLike<number> = [];
  #last: Partial<Pick<TrainingUpdate, "forward" | "inverse">> = {};
  #losses: number[] = [];
  #every = 1;
  #sum = { total: 0, count: 0 };
  #steps = 0;

  constructor({ onPoint, onDelete, say }: PlotsOptions) {
    this.#cursor = pointInput(this.#density, {
      label:
        "Press or drag to draw points; with the keyboard, arrows move a cross, Space adds a point, Backspace takes it away",
      onPoint,
      onDelete,
      say,
      onMove: () => {
        this.#drawDensity();
      },
    });
    this.#loss.element.classList.add("wide");
    const latent = [this.#forward, this.#back];
    this.element = group("plots", this.#density, this.#samples, ...latent, this.#loss);
  }

  /** Whether a finger on the density draws points. */
  setTouchDraws(draws: boolean): void {
    this.#cursor.setTouchDraws(draws);
  }

  /** Forgets what was learned, and shows the data alone. */
  clear(points: ArrayLike<number>): void {
    this.#points = points;
    this.#last = {};
    this.#losses = [];
    this.#every = 1;
    this.#sum = { total: 0, count: 0 };
    this.#steps = 0;
    this.#drawAll();
  }

  show({ forward, inverse }: Pictures): void {
    this.#last = { forward, inverse };
    this.#drawAll();
  }

  update({ losses, forward, inverse, step }: TrainingUpdate): void {
    for (const loss of losses) this.#addLoss(loss);
    this.#steps = step;
    this.#drawLoss();
    if (!forward) return;
    this.#last = { ...this.#last, forward, ...(inverse && { inverse }) };
    this.#drawForward();
    if (inverse) this.#drawInverse();
  }

  #drawAll(): void {
    this.#drawForward();
    this.#drawInverse();
    this.#drawLoss();
  }

  #drawDensity(): void {
    const { forward } = this.#last;
    const dots = dotLayer(this.#points, { color: "--series-2", radius: 2.5 });
    if (!forward) {
      this.#density.draw([dots, this.#cursor.cursor]);
      return;
    }
    const { side, values, bounds } = forward.density;
    const density = Float32Array.from(values, Math.exp);
    const peak = peakOf(density);
    const colors = { label: "p(x)", domain: [0, peak] as const };
    const heat = heatLayer({ side, values: density, bounds }, colors.domain);
    this.#density.draw([heat, dots, this.#cursor.cursor], { colors });
    this.#density.describe(
      `Held-out minus log p ${forward.heldOut.toFixed(3)} nats; the density's peak is ${peak.toFixed(3)}.`,
    );
  }

  #drawForward(): void {
    this.#drawDensity();
    const { forward } = this.#last;
    if (!forward) {
      this.#forward.draw([untrained]);
      return;
    }
    const { mean, deviation } = spread(forward.latents);
    const reach = 4 * Math.max(...deviation);
    const middle = (mean[0] + mean[1]) / 2;
    const axes = latentAxes([middle - reach, middle + reach]);
    this.#forward.draw(
      [
        lineLayer(forward.warped, { color: "--series-1", width: 1 }),
        dotLayer(forward.latents, { color: "--series-2", radius: 1.2, opacity: 0.6 }),
      ],
      axes,
    );
    this.#forward.describe(
      "Blue lines are straight in the data's plane; dots are held-out points.",
    );
  }

  #drawInverse(): void {
    const { inverse } = this.#last;
    if (!inverse) {
      this.#samples.draw([untrained]);
      this.#back.draw([untrained]);
      return;
    }
    this.#samples.draw([dotLayer(inverse.samples, { color: "--series-1", radius: 1.3 })]);
    this.#samples.describe("Dots are points drawn from the density.");
    this.#back.draw([lineLayer(inverse.warped, { color: "--series-3", width: 1 })]);
    this.#back.describe("Green lines are straight in the latent plane.");
  }

  /** Keeps means over more and more steps, so that a long curve stays short. */
  #addLoss(loss: number): void {
    this.#sum.total += loss;
    if (++this.#sum.count < this.#every) return;
    this.#losses.push(this.#sum.total / this.#sum.count);
    this.#sum = { total: 0, count: 0 };
    if (this.#losses.length < 2 * mostLosses) return;
    this.#losses = Array.from(
      { length: mostLosses },
      (_, i) => (this.#losses[2 * i]! + this.#losses[2 * i + 1]!) / 2,
    );
    this.#every *= 2;
  }

  #drawLoss(): void {
    const points = this.#losses.flatMap((loss, i) => [(i + 1) * this.#every, loss]);
    if (points.length === 0) {
      this.#loss.draw([untrained]);
      return;
    }
    const sorted = [...this.#losses].sort((a, b) => a - b);
    const least = sorted[0]!;
    const most = sorted[Math.floor(0.98 * (sorted.length - 1))]!;
    const room = 0.1 * (most - least) + 0.05;
    this.#loss.draw([lineLayer([points], { color: "--series-1", width: 1.5 })], {
      x: { label: "training step", domain: [0, Math.max(20, this.#steps)] },
      y: { label: "loss (nats)", domain: [least - room, most + room] },
    });
    this.#loss.describe(`After ${this.#steps} steps ${this.#losses.at(-1)!.toFixed(3)} nats.`);
  }
}
