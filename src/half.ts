/** The number of 16 bits in IEEE 754's binary16: 1 of sign, 5 of exponent, 10 of fraction. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const word = new DataView(new ArrayBuffer(4));

/** The number of 16 bits in bfloat16: the upper half of a float32. */
export function fromBrain(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

/**
 * The bits in binary16 that are nearest to a float32 number, of two as near the even ones. From 65,520
 * on they are those of infinity.
 */
export function toHalf(value: number): number {
  word.setFloat32(0, value);
  const bits = word.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  if (Number.isNaN(value)) return sign | 0x7e00;
  const size = Math.abs(word.getFloat32(0));
  if (size >= 65_520) return sign | 0x7c00;
  // Below 2^-14 the unit stays what it is there. A fraction that is rounded up carries by itself.
  const exponent = Math.max(-14, ((bits >>> 23) & 0xff) - 127);
  return sign | (((exponent + 14) << 10) + roundedToEven(size / 2 ** (exponent - 10)));
}

function roundedToEven(x: number): number {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 === 1 ? up - 1 : up;
}
