import type { Engine } from "../src/engine/engine.js";
import { nodeEngine } from "../src/engine/node.js";
import type { JsonObject } from "../src/json.js";
import { convergeNorms } from "../src/models/index.js";
import { openModel, type AnyRunner } from "../src/runner/index.js";
import type { Arrays, NDArray, NumberArray } from "../src/tree.js";
import { makeCase, moved, twinVariables, type CaseOptions } from "./cases.js";
import { median, round } from "./numbers.js";
import { wholeNumbers } from "./options.js";
import { findPython } from "./python.js";
import { Twin } from "./twin.js";

/** The benchmark's density with images and their latents, and the same for the PyTorch twin. */
export interface InverseCase {
  readonly runner: AnyRunner;
  /** `[B, C, H, W]`, pixels in 0…255. */
  readonly x: NDArray;
  readonly z: NDArray;
  readonly twin: { readonly kind: string; readonly config: JsonObject; readonly arrays: Arrays };
}

export async function makeInverse(engine: Engine, options: CaseOptions): Promise<InverseCase> {
  const { kind, config, args, random, model } = makeCase("density", options);
  const store = await engine.createStore(moved(model.scope.initialArrays(random), random));
  await convergeNorms(engine, model, store);
  const arrays = await store.read();
  const runner = await openModel(model, arrays, { engine });
  const x = args.x!;
  const z = await runner.forward(x);
  return { runner, x, z, twin: { kind, config, arrays: { ...twinVariables(arrays), z } } };
}

/** Largest difference in units of a pixel's range. */
export function largestError(x: NumberArray, back: NumberArray): number {
  let most = 0;
  for (let i = 0; i < x.data.length; i++) {
    most = Math.max(most, Math.abs(x.data[i]! - back.data[i]!) / 256);
  }
  return most;
}

/** The twin's x, which is centred and scaled to 1 and a middle of a pixel, in pixels. */
export function toPixels({ shape, data }: NDArray): NDArray {
  return { shape, data: data.map((value) => (value + 0.5) * 256 - 0.5) };
}

/**
 * Times the inverse of a batch, ours to a certified error of 1e-5 in every block, and the twin's
 * 100 iterations a block, in turn, after one of each that isn't counted.
 */
export async function benchInverse(args: readonly string[]): Promise<void> {
  const { batch, threads, rounds } = wholeNumbers(args, { batch: 64, threads: 2, rounds: 5 });
  const engine = await nodeEngine({ threads });
  const python = findPython("torch", "numpy");
  if (python === undefined) {
    process.stderr.write("bench: no python3 with torch and numpy here; ours alone\n");
  }
  let twin: Twin | undefined;
  try {
    const { runner, x, z, twin: twinCase } = await makeInverse(engine, { batch });
    twin = python === undefined ? undefined : await Twin.start(python, twinCase, threads);
    const ours: number[] = [];
    const peers: number[] = [];
    let errors: { ours: number; peer: number | null; certified: number } | undefined;
    for (let i = 0; i <= rounds; i++) {
      const start = performance.now();
      const back = await runner.attemptInverse(z, { tolerance: 1e-5 });
      const took = performance.now() - start;
      const peer = await twin?.inverse();
      errors = {
        ours: largestError(x, back.x),
        peer: peer ? largestError(x, toPixels(peer.x)) : null,
        certified: Math.max(...back.checks.map(({ errorBound = 0 }) => errorBound)),
      };
      if (i === 0) continue;
      ours.push(took);
      if (peer) peers.push(peer.ms);
    }
    const result = {
      name: "inverse",
      ours_ms: round(median(ours), 1),
      peer_ms: twin ? round(median(peers), 1) : null,
      ratio: twin ? round(median(ours) / median(peers), 3) : null,
      certified_error_per_block: errors!.certified,
      ours_reconstruction_error: errors!.ours,
      peer_reconstruction_error: errors!.peer,
      config: { ...twinCase.config, batch, threads, rounds },
      engine: engine.description,
    };
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    twin?.stop();
    await engine.close();
  }
}
