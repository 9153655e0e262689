import type { BinaryOp, UnaryOp } from "./elementwise.js";

/** What each unary operation does to one number, in float64. */
export const unaryFunctions: Readonly<Record<UnaryOp, (x: number) => number>> = {
  neg: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  abs: Math.abs,
  sign: Math.sign,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  stopGradient: (x) => x,
};

/** What each binary operation does to two numbers, in float64. */
export const binaryFunctions: Readonly<Record<BinaryOp, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  maximum: Math.max,
  minimum: Math.min,
  greater: (a, b) => (a > b ? 1 : 0),
};

/** ELU and its derivatives, in float64. */
export function eluFunction(order: 0 | 1 | 2): (x: number) => number {
  switch (order) {
    case 0:
      return (x) => (x > 0 ? x : Math.expm1(x));
    case 1:
      return (x) => (x > 0 ? 1 : Math.exp(x));
    case 2:
      return (x) => (x < 0 ? Math.exp(x) : 0);
  }
}

export const isUnary = (op: string): op is UnaryOp => Object.hasOwn(unaryFunctions, op);
export const isBinary = (op: string): op is BinaryOp => Object.hasOwn(binaryFunctions, op);
