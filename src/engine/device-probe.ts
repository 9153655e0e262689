import { conv2d, input, simplify, sumAll, tanh, type Tensor } from "../graph/index.js";
import type { Shape } from "../tree.js";
import type { Engine } from "./engine.js";
import { agree, convolutions, waves } from "./probe.js";

/** The work of a small layer, chained: half a GFLOP, a few milliseconds on two cores. */
const image: Shape = [8, 64, 16, 16];
const filter: Shape = [64, 64, 3, 3];
const layers = 4;
const runs = 3;

/**
 * WebGPU if it opens, computes what the CPU does and takes less time, or else the CPU; the other
 * engine is closed. A software adapter computes on the CPU's cores with slower kernels, so it loses.
 */
export async function fasterOf(cpu: Engine, openWebGpu: () => Promise<Engine>): Promise<Engine> {
  const webgpu = await openWebGpu().catch(() => undefined);
  if (!webgpu) return cpu;
  const isFaster = await outruns(webgpu, cpu).catch(() => false);
  await (isFaster ? cpu : webgpu).close();
  return isFaster ? webgpu : cpu;
}

async function outruns(webgpu: Engine, cpu: Engine): Promise<boolean> {
  if (!agree(await convolutions(webgpu), await convolutions(cpu))) return false;
  return (await shortestRun(webgpu)) < (await shortestRun(cpu));
}

/** Milliseconds of the fastest of a few runs, after one that warms up. */
async function shortestRun(engine: Engine): Promise<number> {
  const w = input("w", filter);
  let y: Tensor = input("x", image);
  for (let layer = 0; layer < layers; layer++) y = tanh(conv2d(y, w));
  const outputs = simplify({ total: sumAll(y) });
  const session = await engine.load({ outputs, updates: {}, guard: [] });
  const store = await engine.createStore({ x: waves(image, 0), w: waves(filter, 1) });
  await session.run({}, store);
  let shortest = Infinity;
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await session.run({}, store);
    shortest = Math.min(shortest, performance.now() - start);
  }
  await session.close();
  await store.close();
  return shortest;
}
