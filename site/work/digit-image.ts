/** A line drawn without lifting the pen, x, y, x, y, …, in any unit, y downwards. */
export type Stroke = readonly number[];

/** Pixels of a side of MNIST's images, and of the box that digits fill. */
export const side = 28;
const box = 20;
/** Where MNIST has the centre of mass: in the middle of the pixel right below the image's middle. */
const centre = side / 2 + 0.5;
/** Of the pen, in pixels of the image: digits of MNIST are some 2.5 pixels thick. */
const radius = 1.15;

/**
 * A drawing as an image of MNIST, 28x28 gray levels, as its authors made theirs: scaled to fill a box of
 * 20x20 pixels with its proportions kept, and moved so that its centre of mass is in the middle. The pen
 * has one width, however large the drawing.
 *
 * @returns nothing if there is no point.
 * @see http://yann.lecun.com/exdb/mnist/
 */
export function digitImage(strokes: readonly Stroke[]): Uint8ClampedArray | undefined {
  const points = strokes.flat();
  if (points.length === 0) return undefined;
  const [x, y] = [extent(points, 0), extent(points, 1)];
  const size = Math.max(x.size, y.size);
  const scale = size > 0 ? (box - 2 * radius) / size : 0;
  const placed = (dx: number, dy: number): Float64Array =>
    inkOf(
      strokes.map((stroke) =>
        stroke.map((value, i) =>
          i % 2 === 0
            ? scale * (value - x.middle) + side / 2 + dx
            : scale * (value - y.middle) + side / 2 + dy,
        ),
      ),
    );
  const [cx, cy] = centreOfMass(placed(0, 0));
  return Uint8ClampedArray.from(placed(centre - cx, centre - cy), (ink) => 255 * ink);
}

function extent(points: readonly number[], axis: 0 | 1): { size: number; middle: number } {
  let [low, high] = [Infinity, -Infinity];
  for (let i = axis; i < points.length; i += 2) {
    low = Math.min(low, points[i]!);
    high = Math.max(high, points[i]!);
  }
  return { size: high - low, middle: (low + high) / 2 };
}

/** How much of each pixel is inked, 0 to 1, by strokes in the image's pixels. */
function inkOf(strokes: readonly Stroke[]): Float64Array {
  const ink = new Float64Array(side * side);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const distance = Math.min(
        ...strokes.map((stroke) => distanceTo(stroke, column + 0.5, row + 0.5)),
      );
      ink[row * side + column] = Math.min(1, Math.max(0, radius + 0.5 - distance));
    }
  }
  return ink;
}

/** Distance of a point from a stroke; one of a single point is that point. */
function distanceTo(stroke: Stroke, x: number, y: number): number {
  let least = Infinity;
  for (let i = 0; i + 1 < stroke.length; i += 2) {
    const [ax, ay] = [stroke[i]!, stroke[i + 1]!];
    const [bx, by] = [stroke[i + 2] ?? ax, stroke[i + 3] ?? ay];
    const [dx, dy] = [bx - ax, by - ay];
    const squared = dx * dx + dy * dy;
    const along = squared > 0 ? ((x - ax) * dx + (y - ay) * dy) / squared : 0;
    const t = Math.min(1, Math.max(0, along));
    least = Math.min(least, Math.hypot(x - ax - t * dx, y - ay - t * dy));
  }
  return least;
}

/** Of an image, in pixels from its upper left corner. */
export function centreOfMass(ink: ArrayLike<number>): [x: number, y: number] {
  let [mass, x, y] = [0, 0, 0];
  for (let i = 0; i < ink.length; i++) {
    mass += ink[i]!;
    x += ink[i]! * ((i % side) + 0.5);
    y += ink[i]! * (Math.floor(i / side) + 0.5);
  }
  return mass > 0 ? [x / mass, y / mass] : [side / 2, side / 2];
}
