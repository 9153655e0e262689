import { add, conv2d, input, matmul, sumAll } from "../src/graph/index.js";
import { toProgram } from "../src/engine/program.js";
import { Random } from "../src/random.js";
import { ndarray, sizeOf } from "../src/tree.js";
import { profile } from "./profiler.js";
import type { SessionSettings } from "./session.js";

/** The best rates this machine was seen to reach. */
export interface Machine {
  /** Of arithmetic: a large matrix product or a large 3x3 convolution, whichever is faster. */
  readonly gflopsPerS: number;
  /** Of an addition whose arrays are larger than caches, reads and writes counted. */
  readonly gigabytesPerS: number;
}

const side = 1536;
/** As many channels as a convolution may have without being taken apart into products. */
const [batch, channels, size, kernel] = [32, 48, 32, 3];
const long = 2 ** 24;

/** Measures with the runtime, on as many threads and with the lowering of what is compared. */
export async function measureMachine({ threads, target }: SessionSettings): Promise<Machine> {
  const [a, b] = [input("a", [side, side]), input("b", [side, side])];
  const [x, w] = [
    input("x", [batch, channels, size, size]),
    input("w", [channels, channels, kernel, kernel]),
  ];
  const [p, q] = [input("p", [long]), input("q", [long])];
  const outputs = {
    matmul: sumAll(matmul(a, b)),
    convolution: sumAll(conv2d(x, w)),
    addition: sumAll(add(p, q)),
  };
  const random = Random.fromSeed(1);
  const arrays = Object.fromEntries(
    Object.entries({ a, b, x, w, p, q }).map(([name, { shape }]) => [
      name,
      ndarray(random.split(name).uniform(sizeOf(shape)), shape),
    ]),
  );
  const program = toProgram({ outputs, updates: {}, guard: [] }, { target });
  const runs = await profile(program, arrays, { threads, rounds: 7 });
  const best = (op: string, amount: number): number =>
    Math.max(
      ...runs.flatMap(({ operations }) =>
        operations.filter((done) => done.op === op).map(({ ms }) => amount / ms / 1e6),
      ),
    );
  return {
    gflopsPerS: Math.max(
      best("MatMul", 2 * side ** 3),
      best("Conv", 2 * batch * (size * channels * kernel) ** 2),
    ),
    gigabytesPerS: best("Add", 3 * 4 * long),
  };
}

/** Milliseconds that this machine needs at least: for arithmetic or for memory, whichever is longer. */
export function floorMs(
  { flops, bytes }: { readonly flops: number; readonly bytes: number },
  { gflopsPerS, gigabytesPerS }: Machine,
): number {
  return Math.max(flops / gflopsPerS, bytes / gigabytesPerS) / 1e6;
}
