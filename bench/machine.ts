import { add, input, matmul, sumAll } from "../src/graph/index.js";
import { toProgram } from "../src/engine/program.js";
import { Random } from "../src/random.js";
import { ndarray, sizeOf } from "../src/tree.js";
import { total } from "./numbers.js";
import { profile } from "./profiler.js";

/** The best rates this machine was seen to reach. */
export interface Machine {
  /** Of a product of two large square matrices: ONNX Runtime's sgemm. */
  readonly gflopsPerS: number;
  /** Of an addition whose arrays are larger than caches, reads and writes counted. */
  readonly gigabytesPerS: number;
}

const side = 1536;
const long = 2 ** 24;

/** Measures with the runtime, and on as many threads, as what is compared with it. */
export async function measureMachine(threads: number): Promise<Machine> {
  const [a, b] = [input("a", [side, side]), input("b", [side, side])];
  const [x, y] = [input("x", [long]), input("y", [long])];
  const outputs = { product: sumAll(matmul(a, b)), total: sumAll(add(x, y)) };
  const random = Random.fromSeed(1);
  const arrays = Object.fromEntries(
    Object.entries({ a, b, x, y }).map(([name, { shape }]) => [
      name,
      ndarray(random.split(name).uniform(sizeOf(shape)), shape),
    ]),
  );
  const program = toProgram({ outputs, updates: {}, guard: [] });
  const runs = await profile(program, arrays, { threads, rounds: 7 });
  const least = (op: string): number =>
    Math.min(
      ...runs.map(({ operations }) =>
        total(operations.filter((o) => o.op === op).map((o) => o.ms)),
      ),
    );
  return {
    gflopsPerS: (2 * side ** 3) / least("MatMul") / 1e6,
    gigabytesPerS: (3 * 4 * long) / least("Add") / 1e6,
  };
}

/** Milliseconds that this machine needs at least: for arithmetic or for memory, whichever is longer. */
export function floorMs(
  { flops, bytes }: { readonly flops: number; readonly bytes: number },
  { gflopsPerS, gigabytesPerS }: Machine,
): number {
  return Math.max(flops / gflopsPerS, bytes / gigabytesPerS) / 1e6;
}
