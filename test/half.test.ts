import assert from "node:assert/strict";
import { it } from "node:test";
import { fromBrain, fromHalf, toHalf } from "../src/half.js";

const finite = Array.from({ length: 0x7c00 }, (_, bits) => bits);

it("gives each number of 16 bits its own bits", () => {
  for (let bits = 0; bits < 2 ** 16; bits++) {
    const value = fromHalf(bits);
    if (Number.isNaN(value)) assert.equal(toHalf(value) & 0x7c00, 0x7c00);
    else assert.equal(toHalf(value), bits);
    if (Number.isNaN(value)) assert.notEqual(toHalf(value) & 0x3ff, 0);
  }
});

it("grows with the bits, in steps of a unit of the last place", () => {
  assert.deepEqual([0, 1, 0x3c00, 0x7bff, 0xfbff].map(fromHalf), [0, 2 ** -24, 1, 65504, -65504]);
  for (const bits of finite.slice(1)) {
    const step = fromHalf(bits) - fromHalf(bits - 1);
    const exponent = Math.max(0, ((bits - 1) >> 10) - 1);
    assert.equal(step, 2 ** (exponent - 24));
  }
});

it("rounds to the nearest, of two as near to the even one", () => {
  for (const bits of finite.slice(0, -1)) {
    const [low, high] = [fromHalf(bits), fromHalf(bits + 1)];
    const middle = (low + high) / 2;
    const near = 2 ** -12 * (high - low);
    assert.equal(toHalf(middle), bits % 2 === 0 ? bits : bits + 1, `between ${low} and ${high}`);
    assert.equal(toHalf(middle - near), bits);
    assert.equal(toHalf(-(middle + near)), 0x8000 | (bits + 1));
  }
  assert.deepEqual([65519.996, 65520, -Infinity].map(toHalf), [0x7bff, 0x7c00, 0xfc00]);
  assert.deepEqual([2 ** -25, 2 ** -25 * 1.0001, -1e-44].map(toHalf), [0, 1, 0x8000]);
});

it("reads the upper half of a float32", () => {
  const word = new DataView(new ArrayBuffer(4));
  for (const value of [1, -0.15625, 3e38, 1e-40, -0, Infinity]) {
    word.setFloat32(0, value);
    const bits = word.getUint16(0);
    word.setUint16(2, 0);
    assert.ok(Object.is(fromBrain(bits), word.getFloat32(0)));
  }
});
