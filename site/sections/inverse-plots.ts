import { group } from "../parts/group.js";
import { densityLayer, dotLayer, legendLayer, lineLayer, type Grid } from "../parts/layers.js";
import { createPlot, type Interval, type Layer } from "../parts/plot.js";
import { pointInput } from "../parts/point-input.js";
import type { Vector } from "../work/anderson.js";
import type { BlockInverse } from "../work/inversion.js";
import { view } from "../work/picture.js";

const errorDomain: Interval = [1e-7, 1e2];
const lines = [
  { name: "error", color: "--series-1", width: 2 },
  { name: "Banach's bound, certified", color: "--series-2", width: 1.5, dash: [5, 4] },
] as const;

/** An iterate of a block. */
export interface Frame {
  readonly block: BlockInverse;
  readonly at: number;
}

/** The pictures of an inverse: where the point is, the iterates of a block, and errors. */
export class InversePlots {
  readonly element: HTMLElement;
  readonly #choose = createPlot({
    title: "Choose a point x",
    x: { label: "x₁", domain: view },
    y: { label: "x₂", domain: view },
  });
  readonly #path = createPlot({
    title: "Iterates of a block",
    x: { label: "first coordinate", domain: view },
    y: { label: "second coordinate", domain: view },
  });
  readonly #errors = createPlot({
    title: "Error of each iterate",
    x: { label: "iteration, block after block", domain: [0, 100] },
    y: { label: "|xᵢ − x|₂ (data units)", domain: errorDomain, scale: "log" },
    aspect: 0.455,
  });
  readonly #cursor;
  #point: Vector = [0, 0];
  #density: Layer | undefined;

  constructor(onPoint: (x: number, y: number) => void, say: (text: string) => void) {
    this.#cursor = pointInput(this.#choose, {
      label:
        "Press to choose the point that is mapped and brought back; with the keyboard, arrows move a cross, Space takes it",
      onPoint,
      say,
      onMove: () => {
        this.#drawPoint();
      },
      isTrail: false,
    });
    this.#errors.element.classList.add("double");
    this.element = group("plots", this.#choose, this.#path, this.#errors);
  }

  /** The density of the network, where points are chosen. */
  showDensity(density: Grid): void {
    this.#density = densityLayer(density);
    this.#drawPoint();
  }

  draw(frames: readonly Frame[], at: number, point: Vector): void {
    this.#point = point;
    this.#drawPoint();
    this.#drawPath(frames[at]!);
    this.#drawErrors(frames, at);
  }

  #drawPoint(): void {
    this.#choose.describe(`It is at ${this.#point.map((one) => one.toFixed(1)).join(", ")}.`);
    this.#choose.draw([
      ...(this.#density ? [this.#density] : []),
      dotLayer(this.#point, { color: "--series-2", radius: 5 }),
      this.#cursor.cursor,
    ]);
  }

  #drawPath({ block, at }: Frame): void {
    const { target, iterates } = block;
    const shown = iterates.slice(0, at + 1);
    const reach = 1.15 * Math.max(1e-3, ...distances(iterates.slice(0, 12), target));
    const axis = (label: string, middle: number): { label: string; domain: Interval } => ({
      label,
      domain: [middle - reach, middle + reach],
    });
    this.#path.draw(
      [
        lineLayer([shown.flat()], { color: "--series-1", width: 1.2 }),
        dotLayer(shown.flat(), { color: "--series-1", radius: 2.5 }),
        crossAt(target),
      ],
      { x: axis("first coordinate", target[0]), y: axis("second coordinate", target[1]) },
    );
    this.#path.describe(`Block ${block.block}, iteration ${at}; the cross is what it looks for.`);
  }

  #drawErrors(frames: readonly Frame[], at: number): void {
    const clamp = (value: number): number =>
      Math.min(Math.max(value, errorDomain[0]), 10 * errorDomain[1]);
    const errors: number[] = [];
    const bounds: number[] = [];
    frames.slice(0, at + 1).forEach(({ block, at: i }, frame) => {
      if (i === 0) {
        errors.push(NaN, NaN);
        bounds.push(NaN, NaN);
      }
      errors.push(frame, clamp(block.errors[i]!));
      bounds.push(frame, block.lipschitz < 1 ? clamp(block.bounds[i]!) : NaN);
    });
    this.#errors.draw(
      [lineLayer([bounds], lines[1]), lineLayer([errors], lines[0]), legendLayer(lines)],
      {
        x: { label: "iteration, block after block", domain: [0, Math.max(10, frames.length - 1)] },
      },
    );
  }
}

const distances = (points: readonly Vector[], target: Vector): number[] =>
  points
    .map((point) => Math.max(Math.abs(point[0] - target[0]), Math.abs(point[1] - target[1])))
    .filter((distance) => distance < 1e6);

const crossAt =
  (point: Vector): Layer =>
  ({ context, x, y, color }) => {
    const [cx, cy] = [x(point[0]), y(point[1])];
    context.strokeStyle = color("--series-2");
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(cx - 8, cy - 8);
    context.lineTo(cx + 8, cy + 8);
    context.moveTo(cx - 8, cy + 8);
    context.lineTo(cx + 8, cy - 8);
    context.stroke();
  };
