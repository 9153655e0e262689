import { html } from "./html.js";

/** A line drawn without lifting the pen, x, y, x, y, …, in parts of the pad's side. */
type Stroke = readonly number[];

export interface DrawingPad {
  readonly element: HTMLElement;
  readonly strokes: readonly Stroke[];
  /** Replaces the drawing, and tells so. */
  set(strokes: readonly Stroke[]): void;
}

/** Pixels of a side of its canvas. */
const size = 280;

/**
 * A square to draw on by mouse, pen or finger.
 *
 * @param label what to draw, for a screen reader
 * @param onDrawn called when a stroke ends, and when the drawing is replaced
 */
export function drawingPad(label: string, onDrawn: () => void): DrawingPad {
  const canvas = html("canvas", { width: size, height: size, role: "img", "aria-label": label });
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
  };
  const add = ({ clientX, clientY }: PointerEvent): void => {
    const box = canvas.getBoundingClientRect();
    strokes.at(-1)?.push((clientX - box.left) / box.width, (clientY - box.top) / box.height);
    redraw();
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (pen !== undefined || event.button !== 0) return;
    event.preventDefault();
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
      strokes = next.map((stroke) => [...stroke]);
      redraw();
      onDrawn();
    },
  };
}
