import type { Stroke } from "./digit-image.js";

const turn = Math.PI / 180;

/** Part of an ellipse from one angle to another, in degrees: 0 is right, 90 down. */
function arc(cx: number, cy: number, rx: number, ry: number, from: number, to: number): number[] {
  const steps = 24;
  return Array.from({ length: steps + 1 }, (_, i) => {
    const angle = turn * (from + ((to - from) * i) / steps);
    return [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)];
  }).flat();
}

/** The ten digits as a hand might draw them, in a box of 0 to 1, for who can't or won't draw. */
export const digitStrokes: readonly (readonly Stroke[])[] = [
  [arc(0.5, 0.5, 0.3, 0.48, -80, 280)],
  [[0.58, 0.02, 0.44, 0.98]],
  [[...arc(0.48, 0.28, 0.3, 0.26, 190, 395), 0.2, 0.94, 0.84, 0.9]],
  [[...arc(0.45, 0.26, 0.3, 0.24, 200, 440), ...arc(0.45, 0.72, 0.34, 0.26, 275, 515)]],
  [
    [0.28, 0.04, 0.2, 0.52, 0.82, 0.48],
    [0.74, 0.1, 0.64, 0.98],
  ],
  [[0.8, 0.05, 0.34, 0.07, 0.28, 0.44, ...arc(0.45, 0.69, 0.32, 0.27, 235, 515)]],
  [[0.66, 0.02, 0.42, 0.26, ...arc(0.5, 0.71, 0.27, 0.26, 195, 555)]],
  [[0.16, 0.1, 0.84, 0.06, 0.44, 0.98]],
  [[...arc(0.5, 0.27, 0.24, 0.23, 60, 420), ...arc(0.5, 0.74, 0.28, 0.25, 250, 610)]],
  [[...arc(0.48, 0.28, 0.26, 0.25, 20, 380), 0.74, 0.4, 0.64, 0.98]],
];
