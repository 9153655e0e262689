import * as z from "zod";

/** Members of an affine map (x − offset)/scale. */
export const scaling = { offset: z.number(), scale: z.number().positive() };

/** asinh((x − centre)/width) before a column is standardised: linear near the centre, a logarithm far out. */
const tailSchema = z.object({ centre: z.number(), width: z.number().positive() });

export type Tail = Readonly<z.output<typeof tailSchema>>;

/** What columns that are kept have in common: (t(x) − offset)/scale, t the tail's map, if there is one. */
export const axisSchema = {
  ...scaling,
  tail: tailSchema.optional(),
  /** Column that is 1 where this one's cell is missing; all are there unless given. */
  absent: z.string().optional(),
};

interface Axis {
  readonly offset: number;
  readonly scale: number;
  readonly tail?: Tail | undefined;
}

/** The interval of a model's axis that stands for a cell, from which noise takes a point. */
export interface Interval {
  readonly low: number;
  /** 0 for a real number. */
  readonly width: number;
  /** What is added to the density of the model's axis for that of the cell, in nats. */
  readonly logDet: number;
}

/** Half the width of a uniform distribution of variance 1, which stands for a missing cell. */
const half = Math.sqrt(3);

/** A number of the data on the model's axis. */
export function placeOf(x: number, { offset, scale, tail }: Axis): number {
  return ((tail ? Math.asinh((x - tail.centre) / tail.width) : x) - offset) / scale;
}

/** The number of the data at a place on the model's axis: {@link placeOf} undone. */
export function numberAt(place: number, { offset, scale, tail }: Axis): number {
  const value = place * scale + offset;
  return tail ? tail.centre + tail.width * Math.sinh(value) : value;
}

/** d place/d x. */
export function slopeAt(x: number, { scale, tail }: Axis): number {
  return tail ? 1 / (scale * Math.hypot(x - tail.centre, tail.width)) : 1 / scale;
}

/** A real number: the density of its place, times the slope there. */
export function realCell(x: number, axis: Axis): Interval {
  return { low: placeOf(x, axis), width: 0, logDet: Math.log(slopeAt(x, axis)) };
}

/**
 * A whole number stands for [x, x + step). Noise that is uniform on the model's axis bounds the
 * logarithm of its probability from below by that of the density there, plus ln of the width.
 */
export function wholeCell(x: number, step: number, axis: Axis): Interval {
  const low = placeOf(x, axis);
  const slope = slopeAt(x + step / 2, axis);
  const exact = placeOf(x + step, axis) - low;
  // Far out, the difference of two large numbers is less exact than the slope between them.
  const width = axis.tail && exact * axis.scale > 1e-4 ? exact : slope * step;
  return { low, width, logDet: Math.log(width / step) };
}

/**
 * A missing cell, given the number that stands for it, is any of an interval around it: log p of the
 * other cells is bounded from below likewise, and none of the column is in it.
 */
export function missingCell(fill: number, axis: Axis): Interval {
  return { low: placeOf(fill, axis) - half, width: 2 * half, logDet: Math.log(2 * half) };
}
