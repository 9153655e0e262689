import { expectFinite } from "../border/arrays.js";
import { DataError } from "../errors.js";
import { sizeOf, type NumberArray } from "../tree.js";

/**
 * Checks that images hold whole pixels 0…255; arrays of bytes can't but.
 * @throws {DataError} with the range there is, and the remedy that it suggests.
 */
export function expectPixels(x: NumberArray, where: string): void {
  const { shape, data } = x;
  if (data instanceof Uint8Array || data instanceof Uint8ClampedArray) return;
  expectFinite(x, { where, name: "x" });
  let [low, high] = [Infinity, -Infinity];
  let odd = -1;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    low = Math.min(low, value);
    high = Math.max(high, value);
    if (odd < 0 && !(Number.isInteger(value) && value >= 0 && value <= 255)) odd = i;
  }
  if (odd < 0) {
    if (high > 1 || low === high) return;
    throw new DataError(
      `${where}: expected pixels 0...255 in x, got only 0 and 1; multiply by 255, or pass \`pixels: false\` for real-valued images`,
      { name: "x" },
    );
  }
  const row = Math.floor(odd / sizeOf(shape.slice(1)));
  throw new DataError(
    `${where}: expected whole pixels 0...255 in x, got values from ${low} to ${high}, the first other one ${data[odd]} in row ${row}; ${remedyOf(low, high)}, or pass \`pixels: false\` for real-valued images`,
    { name: "x", rows: [row] },
  );
}

function remedyOf(low: number, high: number): string {
  if (low >= 0 && high <= 1) return "multiply by 255 and round";
  if (low >= -1 && high <= 1) return "add 1, multiply by 127.5 and round";
  if (low >= 0 && high > 255 && high <= 65535) return "divide by 257 and round down";
  return "scale and round them";
}
