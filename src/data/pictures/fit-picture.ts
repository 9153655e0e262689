import type { DecodedPicture } from "./decoded.js";

/** How pictures are made equal. */
export interface PictureFit {
  readonly height: number;
  readonly width: number;
  /** The middle of the picture that has the right proportions, or all of it, stretched. */
  readonly fit: "crop" | "stretch";
  readonly channels: 1 | 3;
  /** Grey behind transparent pixels, 0 ... 255. */
  readonly background: number;
}

/**
 * A picture's pixels, channel by channel, in the wanted size and colours. Grey is
 * 0.299 R + 0.587 G + 0.114 B; sizes change by a triangle filter as wide as the reduction, on
 * values as they are stored.
 *
 * @returns `[channels, height, width]`, 0 ... 255
 * @see https://www.itu.int/rec/R-REC-BT.601
 */
export function fitPicture(picture: DecodedPicture, to: PictureFit): Uint8Array {
  const planes = planesOf(picture, to);
  const { width, height } = picture;
  const size = to.width * to.height;
  const fitted = new Uint8Array(to.channels * size);
  const box = boxOf(picture, to);
  const across = taps(width, box.x, box.width, to.width);
  const down = taps(height, box.y, box.height, to.height);
  planes.forEach((plane, channel) => {
    const rows = new Float64Array(to.width * height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < to.width; x++) {
        const { start, weights } = across[x]!;
        let sum = 0;
        for (let i = 0; i < weights.length; i++) sum += weights[i]! * plane[y * width + start + i]!;
        rows[y * to.width + x] = sum;
      }
    }
    for (let y = 0; y < to.height; y++) {
      const { start, weights } = down[y]!;
      for (let x = 0; x < to.width; x++) {
        let sum = 0;
        for (let i = 0; i < weights.length; i++)
          sum += weights[i]! * rows[(start + i) * to.width + x]!;
        fitted[channel * size + y * to.width + x] = Math.round(sum);
      }
    }
  });
  return fitted;
}

/** Grey or RGB on the background, a plane for each. */
function planesOf(
  { width, height, channels, data }: DecodedPicture,
  { channels: wanted, background }: PictureFit,
): Float64Array[] {
  const pixels = width * height;
  const hasAlpha = channels === 2 || channels === 4;
  const colours = channels < 3 ? 1 : 3;
  const planes = Array.from({ length: wanted }, () => new Float64Array(pixels));
  const colour = [0, 0, 0];
  for (let pixel = 0; pixel < pixels; pixel++) {
    const at = pixel * channels;
    const alpha = hasAlpha ? data[at + channels - 1]! / 255 : 1;
    for (let i = 0; i < 3; i++) {
      const value = data[at + (colours === 1 ? 0 : i)]!;
      colour[i] = hasAlpha ? alpha * value + (1 - alpha) * background : value;
    }
    const [red = 0, green = 0, blue = 0] = colour;
    if (wanted === 3) planes.forEach((plane, i) => (plane[pixel] = Math.round(colour[i]!)));
    else {
      const grey = colours === 1 ? red : 0.299 * red + 0.587 * green + 0.114 * blue;
      planes[0]![pixel] = Math.round(grey);
    }
  }
  return planes;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function boxOf({ width, height }: DecodedPicture, to: PictureFit): Box {
  if (to.fit === "stretch") return { x: 0, y: 0, width, height };
  const scale = Math.min(width / to.width, height / to.height);
  const box = { width: scale * to.width, height: scale * to.height };
  return { ...box, x: (width - box.width) / 2, y: (height - box.height) / 2 };
}

interface Taps {
  readonly start: number;
  readonly weights: Float64Array;
}

/** For each of `count` pixels, the pixels of `size` that it is the weighted mean of. */
function taps(size: number, from: number, length: number, count: number): Taps[] {
  const scale = length / count;
  const reach = Math.max(1, scale);
  return Array.from({ length: count }, (_, i) => {
    const centre = from + (i + 0.5) * scale;
    const start = Math.max(0, Math.ceil(centre - reach - 0.5));
    const end = Math.max(start + 1, Math.min(size, Math.floor(centre + reach - 0.5) + 1));
    const weights = new Float64Array(end - start).map((_, j) =>
      Math.max(0, 1 - Math.abs(start + j + 0.5 - centre) / reach),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { start, weights: weights.map((weight) => weight / sum) };
  });
}
