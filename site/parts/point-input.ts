import { arrowStep } from "./arrow-keys.js";
import type { Layer, Plot } from "./plot.js";

export interface PointInput {
  /** The cross that the keyboard moves, where the plot has the focus. */
  readonly cursor: Layer;
  /** Whether a finger draws; it scrolls the page otherwise, and a tap chooses a point. */
  setTouchDraws(draws: boolean): void;
}

export interface PointOptions {
  /** How the plot is used, for a screen reader. */
  readonly label: string;
  /** Called where the pointer is pressed or moved while pressed, and by Space or Enter at the cross. */
  readonly onPoint: (x: number, y: number) => void;
  /** Called by Backspace or Delete; keys of no meaning unless given. */
  readonly onDelete?: () => void;
  /** Called when the cross has moved, to draw it. */
  readonly onMove: () => void;
  /** Says where the keyboard has moved the cross, to a screen reader. */
  readonly say: (text: string) => void;
  /** Whether points follow one another while the pointer is pressed; one at each press unless given. */
  readonly isTrail?: boolean;
}

/** Least distance of points of a trail, in pixels. */
const spacing = 7;

/** Lets people choose points of a plot by pointer or keyboard: arrows move a cross, Space takes it. */
export function pointInput(plot: Plot, options: PointOptions): PointInput {
  const { canvas } = plot;
  let [x, y] = [0, 0];
  let isFocused = false;
  let last: readonly [number, number] | undefined;
  let touchDraws = false;
  let isTap = false;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-roledescription", "plot to choose points of");
  canvas.title = options.label;
  const take = (event: PointerEvent): void => {
    [x, y] = plot.locate(event);
    last = [event.clientX, event.clientY];
    options.onPoint(x, y);
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    isTap = event.pointerType === "touch" && !touchDraws;
    if (isTap) return;
    canvas.setPointerCapture(event.pointerId);
    take(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const distance = Math.hypot(event.clientX - last[0], event.clientY - last[1]);
    if (options.isTrail !== false && distance >= spacing) take(event);
  });
  canvas.addEventListener("click", (event) => {
    if (!isTap) return;
    [x, y] = plot.locate(event);
    options.onPoint(x, y);
  });
  for (const end of ["pointerup", "pointercancel"] as const) {
    canvas.addEventListener(end, () => {
      last = undefined;
    });
  }
  canvas.addEventListener("keydown", (event) => {
    const arrow = arrowStep(event);
    if (arrow) {
      [x, y] = [x + 0.1 * arrow[0], y + 0.1 * arrow[1]];
      options.onMove();
      options.say(`${x.toFixed(1)}, ${y.toFixed(1)}`.replaceAll("-", "−"));
    } else if (event.key === " " || event.key === "Enter") {
      options.onPoint(x, y);
    } else if (options.onDelete && (event.key === "Backspace" || event.key === "Delete")) {
      options.onDelete();
    } else {
      return;
    }
    event.preventDefault();
  });
  for (const [event, value] of [
    ["focus", true],
    ["blur", false],
  ] as const) {
    canvas.addEventListener(event, () => {
      isFocused = value && canvas.matches(":focus-visible");
      options.onMove();
    });
  }
  return {
    setTouchDraws: (draws) => {
      touchDraws = draws;
      canvas.style.touchAction = draws ? "none" : "pan-y";
    },
    cursor: ({ context, x: px, y: py, color }) => {
      if (!isFocused) return;
      const [cx, cy] = [px(x), py(y)];
      for (const [width, name] of [
        [4, "--paper"],
        [1.5, "--ink"],
      ] as const) {
        context.lineWidth = width;
        context.strokeStyle = color(name);
        context.beginPath();
        context.moveTo(cx - 9, cy);
        context.lineTo(cx + 9, cy);
        context.moveTo(cx, cy - 9);
        context.lineTo(cx, cy + 9);
        context.stroke();
      }
    },
  };
}
