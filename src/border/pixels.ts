import { rowList, rowsWhere } from "./arrays.js";
import { DataError } from "../errors.js";
import { sizeOf, type NumberArray } from "../tree.js";

/**
 * Checks values that a model takes for pixels 0…255.
 *
 * @param whole whether they must be whole numbers, as a density's must: a pixel stands for an
 *   interval of width 1
 * @throws {DataError} naming the range found, what it looks like, and the first rows concerned.
 */
export function expectPixels(
  { shape, data }: NumberArray,
  { whole, where }: { readonly whole: boolean; readonly where: string },
): void {
  let [least, most, isWhole] = [Infinity, -Infinity, true];
  for (let i = 0; i < sizeOf(shape); i++) {
    const value = data[i]!;
    if (value < least) least = value;
    if (value > most) most = value;
    if (!Number.isInteger(value)) isWhole = false;
  }
  const isInside = least >= 0 && most <= 255;
  // Fractions of at most 1 are no pixels that augmentation has left between whole ones.
  if (isInside && (isWhole || !(whole || most <= 1))) return;
  const expected = whole ? "whole pixels 0…255" : "pixels 0…255";
  const rows = rowsWhere({ shape, data }, (value) => {
    return value < 0 || value > 255 || ((whole || most <= 1) && !Number.isInteger(value));
  });
  throw new DataError(
    `${where}: expected ${expected} in x, got ${isWhole ? "whole " : ""}values from ${short(least)} to ${short(most)}, first in ${rowList(rows)}; ${remedy(least, most, isWhole)}`,
    { name: "x", rows },
  );
}

/** What values of another range look like, and what to do with them. */
function remedy(least: number, most: number, isWhole: boolean): string {
  const real =
    'or take them as real numbers: `pixels: "real"` in the model, `pixels: false` in arrayData';
  if (least >= 0 && most <= 1) {
    return `these look like pixels divided by 255: multiply them by 255, ${real}`;
  }
  if (least >= -1 && most <= 1) {
    return `these look like pixels scaled to -1…1: add 1 and multiply them by 127.5, ${real}`;
  }
  if (isWhole && least >= 0 && most <= 65535) {
    return `these look like pixels of 16 bits: divide them by 257 and round them, ${real}`;
  }
  if (least >= 0 && most <= 255) return `round them, ${real}`;
  return `scale them to 0…255, ${real}`;
}

const short = (value: number): string =>
  String(Number.isInteger(value) ? value : Number(value.toPrecision(4)));
