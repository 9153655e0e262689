import { andersonStep, length, subtract, type Evaluated, type Vector } from "./anderson.js";
import type { Bench } from "./bench.js";
import { once } from "./once.js";
import { PlaneChain, type PlanePart } from "./plane-chain.js";
import { openShipped, type ShippedBound } from "./shipped.js";

/** How one block of a network was inverted. */
export interface BlockInverse {
  /** Its number, 1 the first of the network. */
  readonly block: number;
  /** A certified bound L on Lip(g). */
  readonly lipschitz: number;
  readonly y: Vector;
  /** What the iteration should find. */
  readonly target: Vector;
  /** From x₀ = y on. */
  readonly iterates: readonly Vector[];
  /** |xᵢ − target|₂ of each iterate. */
  readonly errors: readonly number[];
  /** Banach's bound on each error; infinite unless L < 1. */
  readonly bounds: readonly number[];
}

export interface InverseTrace {
  readonly x: Vector;
  readonly z: Vector;
  /** In the order in which they are inverted: the last block first. */
  readonly blocks: readonly BlockInverse[];
  /** What the inverse found. */
  readonly found: Vector;
}

export interface Inversion {
  trace(bound: ShippedBound, x: Vector, isAccelerated: boolean): Promise<InverseTrace>;
}

const mostIterations = 40;
/** Float32 can't tell closer. */
const closeEnough = 2e-7;
/** Beyond, nothing comes back. */
const lost = 1e6;
/** What float32 may add to y − g(x), relative to 1 + |y|₂. */
export const rounding = 1e-6;

export function open(bench: Bench): Inversion {
  const chains = new Map<ShippedBound, Promise<PlaneChain>>();
  const openChain = async (bound: ShippedBound): Promise<PlaneChain> => {
    const { model, arrays } = await openShipped(bench, `bound-${bound}`);
    return PlaneChain.open(await bench.engine(), model, arrays);
  };
  return {
    trace: async (bound, x, isAccelerated) =>
      traceInverse(await once(chains, bound, () => openChain(bound)), x, isAccelerated),
  };
}

/** Maps x to z, and z back, block by block. */
export async function traceInverse(
  chain: PlaneChain,
  x: Vector,
  isAccelerated: boolean,
): Promise<InverseTrace> {
  const outputs = await chain.forward(x);
  const z = outputs.at(-1)!;
  const blocks: BlockInverse[] = [];
  const count = chain.parts.filter(({ solve }) => solve).length;
  let y = z;
  for (const [i, part] of [...chain.parts.entries()].reverse()) {
    if (!part.solve) {
      y = await part.apply(y);
      continue;
    }
    const known = i === 0 ? x : outputs[i - 1]!;
    const target = part.lipschitz! < 1 ? await part.solve(y) : known;
    const iterates = await iterate(part, y, target, isAccelerated);
    blocks.push(measured(count - blocks.length, part, y, target, iterates));
    y = iterates.at(-1)!.x;
  }
  return { x, z, blocks, found: y };
}

/** x ← y − g(x), or its accelerated kin, until it is there or lost. */
async function iterate(
  part: PlanePart,
  y: Vector,
  target: Vector,
  isAccelerated: boolean,
): Promise<Evaluated[]> {
  const all: Evaluated[] = [];
  let x = y;
  for (let i = 0; i <= mostIterations; i++) {
    const fx = subtract(y, await part.apply(x));
    const now: Evaluated = { x, fx };
    const before = all.at(-1);
    all.push(now);
    const error = length(subtract(x, target));
    if (!(error > closeEnough * (1 + length(y)) && error < lost)) break;
    x = isAccelerated ? andersonStep(now, before) : fx;
  }
  return all;
}

function measured(
  block: number,
  { lipschitz = Infinity }: PlanePart,
  y: Vector,
  target: Vector,
  iterates: readonly Evaluated[],
): BlockInverse {
  // |x − x*| ≤ |f(x) − x|/(1 − L), for f(x) = y − g(x) has no other fixed point.
  const bound = ({ x, fx }: Evaluated): number =>
    lipschitz < 1
      ? (length(subtract(fx, x)) + rounding * (1 + length(y))) / (1 - lipschitz)
      : Infinity;
  return {
    block,
    lipschitz,
    y,
    target,
    iterates: iterates.map(({ x }) => x),
    errors: iterates.map(({ x }) => length(subtract(x, target))),
    bounds: iterates.map(bound),
  };
}
