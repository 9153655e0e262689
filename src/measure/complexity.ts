import { expectKind } from "../border/kinds.js";
import { zlibSync } from "fflate";
import { expectArray } from "../border/arrays.js";
import { expectPixels } from "../border/pixels.js";
import { ShapeError } from "../errors.js";
import { sizeOf, type NumberArray } from "../tree.js";

/** Bytes of a PNG around the compressed pixels: signature, header, frames of its three chunks. */
const frame = 8 + 25 + 12 + 12;
/** What a compressor of the highest level does is the same everywhere. */
const level = 9;

/**
 * How complex images are: the bits of each as a PNG, with the shorter of unfiltered lines and of lines
 * each filtered by the one of five filters that leaves the smallest sum of absolute differences.
 *
 * @param x `[B, C, H, W]`, whole pixels 0…255; C = 1 (grey) or 3 (RGB)
 * @returns `[B]`, in bits
 * @throws {ShapeError} if x isn't of that shape.
 * @throws {DataError} if a pixel isn't a whole number 0…255.
 * @see https://www.w3.org/TR/png-3/#12Filter-selection
 */
export function pngBits(x: NumberArray): Float64Array {
  const where = "pngBits";
  const { shape, data } = expectArray(x, { where, name: "x" });
  const [count = 0, channels = 0, height = 0, width = 0] = shape;
  if (shape.length !== 4 || (channels !== 1 && channels !== 3)) {
    throw new ShapeError(`${where}: expected x of shape [B, C, H, W], C = 1 or 3, got [${shape}]`, {
      name: "x",
    });
  }
  expectPixels({ shape, data }, { whole: true, where });
  const size = sizeOf([channels, height, width]);
  return Float64Array.from({ length: count }, (_, image) => {
    const lines = linesOf(data, image * size, [channels, height, width]);
    const lengths = [unfiltered(lines), filtered(lines, channels)].map(
      (bytes) => zlibSync(bytes, { level }).length,
    );
    return 8 * (frame + Math.min(...lengths));
  });
}

/**
 * How unusual images are, whatever their complexity: −log₂ p(x) less the bits that a lossless
 * compressor takes, here PNG. A density alone finds simple images the more probable, also those
 * that it hasn't learned; so does the compressor, and the difference tells what only the density
 * knows: the logarithm of a likelihood ratio between a universal model of images and the learned one.
 *
 * @param logProb log p(x) in nats, of whole pixels 0…255
 * @param bits of each image compressed, {@link pngBits}
 * @returns in bits, higher for what is more unusual
 * @throws {ShapeError} if the two differ in length.
 * @see Serrà et al. 2020, Input complexity and out-of-distribution detection with likelihood-based
 * generative models, https://arxiv.org/abs/1909.11480
 */
export function complexityScore(logProb: ArrayLike<number>, bits: ArrayLike<number>): Float64Array {
  expectKind(logProb, "list", "complexityScore");
  expectKind(bits, "list", "complexityScore");
  if (logProb.length !== bits.length) {
    throw new ShapeError(
      `complexityScore: expected as many bits as log-probabilities, got ${bits.length} for ${logProb.length}`,
      { name: "bits" },
    );
  }
  return Float64Array.from(logProb, (nats, i) => -nats / Math.LN2 - bits[i]!);
}

/** Lines of an image from the top, the channels of a pixel together. */
function linesOf(
  data: ArrayLike<number>,
  start: number,
  [channels, height, width]: readonly [number, number, number],
): Uint8Array[] {
  return Array.from({ length: height }, (_, y) => {
    const line = new Uint8Array(width * channels);
    for (let i = 0; i < line.length; i++) {
      const [column, channel] = [Math.floor(i / channels), i % channels];
      line[i] = data[start + (channel * height + y) * width + column]!;
    }
    return line;
  });
}

function unfiltered(lines: readonly Uint8Array[]): Uint8Array {
  return joined(lines.map((line) => [0, line]));
}

function filtered(lines: readonly Uint8Array[], step: number): Uint8Array {
  return joined(
    lines.map((line, y) => {
      const above = lines[y - 1] ?? new Uint8Array(line.length);
      const tried = filters.map((predict, kind): [number, Uint8Array] => [
        kind,
        line.map((value, i) => {
          const left = i < step ? 0 : line[i - step]!;
          const corner = i < step ? 0 : above[i - step]!;
          return value - predict(left, above[i]!, corner);
        }),
      ]);
      return tried.reduce((best, next) => (sizeSum(next[1]) < sizeSum(best[1]) ? next : best));
    }),
  );
}

/** What each filter expects of a sample, given those to the left, above and above to the left. */
const filters: readonly ((left: number, up: number, corner: number) => number)[] = [
  () => 0,
  (left) => left,
  (_, up) => up,
  (left, up) => (left + up) >> 1,
  (left, up, corner) => {
    const guess = left + up - corner;
    const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
    return a <= b && a <= c ? left : b <= c ? up : corner;
  },
];

/** Sum of bytes as differences in −128…127, without their signs. */
function sizeSum(line: Uint8Array): number {
  return line.reduce((sum, value) => sum + Math.min(value, 256 - value), 0);
}

function joined(lines: readonly (readonly [kind: number, line: Uint8Array])[]): Uint8Array {
  return Uint8Array.from(lines.flatMap(([kind, line]) => [kind, ...line]));
}
