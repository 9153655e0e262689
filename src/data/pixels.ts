import { expectFinite } from "../border/arrays.js";
import { expectPixels } from "../border/pixels.js";
import { DataError } from "../errors.js";
import type { NumberArray } from "../tree.js";

/**
 * Checks that training images hold whole pixels 0…255, and more than 0 and 1 of them; arrays of
 * bytes can't be out of range.
 * @throws {DataError} with the range there is, and the remedy that it suggests.
 */
export function expectTrainingPixels(x: NumberArray, where: string): void {
  const { data } = x;
  if (data instanceof Uint8Array || data instanceof Uint8ClampedArray) return;
  expectFinite(x, { where, name: "x" });
  expectPixels(x, { whole: true, where });
  const values = Array.from(data);
  if (values.some((value) => value > 1) || !values.includes(1)) return;
  throw new DataError(
    `${where}: expected pixels 0…255 in x, got only 0 and 1; multiply them by 255, or pass \`pixels: false\` for images of real numbers`,
    { name: "x" },
  );
}
