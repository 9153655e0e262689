import { html } from "./html.js";
import { penKeys } from "./pen-keys.js";

/** A line drawn without lifting the pen, x, y, x, y, …, in parts of the pad's side. */
type Stroke = readonly number[];

export interface DrawingPad {
  readonly element: HTMLElement;
  readonly strokes: readonly Stroke[];
  /** Replaces the drawing, and tells so. */
  set(strokes: readonly Stroke[]): void;
}

export interface DrawingOptions {
  /** What to draw and how, for a screen reader. */
  readonly label: string;
  /** Called when a stroke ends, and when the drawing is replaced. */
  readonly onDrawn: () => void;
  /** Says where the keyboard's pen is, to a screen reader. */
  readonly say: (text: string) => void;
}

/** Pixels of a side of its canvas. */
const size = 280;

/** A square to draw on by mouse, pen or finger, and by keys: see {@link penKeys}. */
export function drawingPad({ label, onDrawn, say }: DrawingOptions): DrawingPad {
  const canvas = html("canvas", { width: size, height: size, "aria-label": label });
  const context = canvas.getContext("2d")!;
  let strokes: number[][] = [];
  let pen: number | undefined;
  const redraw = (): void => {
    context.fillStyle = "black";
    context.fillRect(0, 0, size, size);
    context.strokeStyle = "white";
    context.lineWidth = 20;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of strokes) {
      context.beginPath();
      context.moveTo(size * stroke[0]!, size * stroke[1]!);
      for (let i = 0; i + 1 < stroke.length; i += 2) {
        context.lineTo(size * stroke[i]!, size * stroke[i + 1]!);
      }
      context.stroke();
    }
    const at = keys.shown();
    if (!at) return;
    for (const [color, width] of [
      ["black", 6],
      [keys.isDown() ? "#e69f00" : "white", 3],
    ] as const) {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.beginPath();
      context.arc(size * at[0], size * at[1], 13, 0, 2 * Math.PI);
      context.stroke();
    }
  };
  const extend = (x: number, y: number): void => {
    strokes.at(-1)?.push(x, y);
    redraw();
  };
  const add = ({ clientX, clientY }: PointerEvent): void => {
    const box = canvas.getBoundingClientRect();
    extend((clientX - box.left) / box.width, (clientY - box.top) / box.height);
  };
  const keys = penKeys(canvas, {
    onDown: (x, y) => {
      strokes.push([]);
      extend(x, y);
    },
    onMove: (x, y) => {
      if (keys.isDown()) extend(x, y);
      else redraw();
    },
    onUp: onDrawn,
    onDelete: () => {
      strokes.pop();
      redraw();
      onDrawn();
    },
    say,
  });
  canvas.addEventListener("pointerdown", (event) => {
    if (pen !== undefined || event.button !== 0) return;
    event.preventDefault();
    keys.lift();
    pen = event.pointerId;
    canvas.setPointerCapture(pen);
    strokes.push([]);
    add(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId === pen) add(event);
  });
  for (const end of ["pointerup", "pointercancel"] as const) {
    canvas.addEventListener(end, (event) => {
      if (event.pointerId !== pen) return;
      pen = undefined;
      onDrawn();
    });
  }
  redraw();
  return {
    element: html("div", { class: "pad" }, canvas),
    get strokes() {
      return strokes;
    },
    set: (next) => {
      keys.lift();
      strokes = next.map((stroke) => [...stroke]);
      redraw();
      onDrawn();
    },
  };
}
