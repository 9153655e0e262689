import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
// The package by its name: modules of the page, which a bundler makes, use that too.
import { openRunner, type Engine } from "iresnet";
import { nodeEngine } from "iresnet/node";
import { nodeBench, siteFile, siteModule } from "./site-modules.js";

type Vector = readonly [number, number];

interface BlockInverse {
  readonly block: number;
  readonly lipschitz: number;
  readonly iterates: readonly Vector[];
  readonly errors: readonly number[];
  readonly bounds: readonly number[];
}

interface Inversion {
  trace(
    bound: string,
    x: Vector,
    isAccelerated: boolean,
  ): Promise<{ readonly blocks: readonly BlockInverse[]; readonly found: Vector }>;
}

interface LogDeterminant {
  at(
    bound: string,
    x: Vector,
  ): Promise<{
    readonly exact: number;
    readonly estimates: readonly Float64Array[];
    readonly bias: readonly number[];
  }>;
}

interface Playground {
  start(
    settings: object,
    isPlaying: boolean,
    told: (news: { readonly kind: string; readonly step?: number }) => void,
  ): Promise<void>;
  setRate(learningRate: number): Promise<void>;
  reset(): Promise<void>;
}

interface Digits {
  classify(pixels: Uint8ClampedArray): Promise<number[]>;
}

interface Open<T> {
  open(bench: ReturnType<typeof nodeBench>): T;
}

const points: readonly Vector[] = [
  [1.5, 1.5],
  [-2.8, 0.1],
  [0, 0],
  [3.5, -3],
];
const apart = (a: Vector, b: Vector): number => Math.hypot(a[0] - b[0], a[1] - b[1]);

describe("Anderson's step", () => {
  it("finds the fixed point of a linear map whose residuals are parallel", async () => {
    const { andersonStep } = await siteModule<{
      readonly andersonStep: (now: object, before?: object) => Vector;
    }>("work/anderson.ts");
    const f = ([x, y]: Vector): Vector => [3 + 0.9 * (x - 3), -1 + 0.9 * (y + 1)];
    const first = { x: [0, 5] as Vector, fx: f([0, 5]) };
    assert.deepEqual(andersonStep(first), first.fx, "without an iterate before");
    const second = { x: first.fx, fx: f(first.fx) };
    assert.ok(apart(andersonStep(second, first), [3, -1]) < 1e-12);
    assert.deepEqual(andersonStep(first, first), first.fx, "where nothing has changed");
  });
});

describe("the page's inverse", () => {
  let engine: Engine;
  let inversion: Inversion;
  before(async () => {
    engine = await nodeEngine({ threads: 1 });
    inversion = (await siteModule<Open<Inversion>>("work/inversion.ts")).open(nodeBench(engine));
  });
  after(() => engine.close());

  it("stays within the certified bound, plain and accelerated", async () => {
    for (const x of points) {
      for (const isAccelerated of [false, true]) {
        const { blocks, found } = await inversion.trace("0.9", x, isAccelerated);
        assert.equal(blocks.length, 8);
        assert.ok(apart(found, x) < 1e-4, `${x} came back as ${found}`);
        for (const { block, lipschitz, errors, bounds } of blocks) {
          assert.ok(lipschitz < 0.82);
          errors.forEach((error, i) => {
            assert.ok(error <= bounds[i]!, `block ${block}, ${i}: ${error} above ${bounds[i]}`);
          });
          assert.ok(bounds.at(-1)! < 1e-3 * bounds[0]! + 1e-4, "the bound says something");
        }
      }
    }
  });

  it("needs fewer iterations where it is accelerated", async () => {
    const count = async (isAccelerated: boolean): Promise<number> => {
      let total = 0;
      for (const x of points) {
        const { blocks } = await inversion.trace("0.97", x, isAccelerated);
        total += blocks.reduce((sum, { iterates }) => sum + iterates.length, 0);
      }
      return total;
    };
    const [plain, accelerated] = [await count(false), await count(true)];
    assert.ok(accelerated < 0.8 * plain, `${accelerated} of ${plain}`);
  });

  it("has no bound past 1, and doesn't come back", async () => {
    const { blocks, found } = await inversion.trace("1.5", [1.5, 1.5], false);
    assert.ok(blocks.some(({ lipschitz }) => lipschitz > 1));
    assert.ok(apart(found, [1.5, 1.5]) > 0.1, String(found));
  });
});

describe("the page's log-determinant", () => {
  it("is the library's, which its series approaches within bias and noise", async () => {
    const engine = await nodeEngine({ threads: 1 });
    const series = (await siteModule<Open<LogDeterminant>>("work/logdet.ts")).open(
      nodeBench(engine),
    );
    for (const bound of ["0.5", "0.9"]) {
      const runner = await openRunner(
        new Uint8Array(await readFile(siteFile(`checkpoints/bound-${bound}.safetensors`))),
        { engine },
      );
      for (const x of points) {
        const { exact, estimates, bias } = await series.at(bound, x);
        const { logDet } = await runner.score({ shape: [1, 2], data: Float64Array.from(x) });
        assert.ok(Math.abs(exact - logDet.data[0]!) < 1e-4 * (1 + Math.abs(exact)), `${exact}`);
        for (const terms of [1, 3, 8, 20]) {
          const values = estimates.map((byTerms) => byTerms[terms - 1]!);
          const mean = values.reduce((sum, value) => sum + value) / values.length;
          const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
          const error = Math.sqrt(square / (values.length - 1) / values.length);
          const off = Math.abs(mean - exact);
          const most = bias[terms - 1]! + 4.5 * error + 1e-3;
          assert.ok(off <= most, `c ${bound}, ${terms} terms: off by ${off}, at most ${most}`);
        }
        assert.ok(bias[19]! < (bound === "0.5" ? 1e-10 : 0.1), "the bound says something");
      }
      await runner.close();
    }
    await engine.close();
  });
});

describe("the playground's run", () => {
  it("is one training, however often its rate changes at once", async () => {
    const engine = await nodeEngine({ threads: 1 });
    const work = (await siteModule<Open<Playground>>("work/playground.ts")).open(nodeBench(engine));
    const steps: number[] = [];
    const told = async (count: number): Promise<void> => {
      while (steps.length < count) await setTimeout(20);
    };
    const settings = {
      source: "moons",
      blocks: 1,
      width: 8,
      activation: "elu",
      learningRate: 0.01,
    };
    await work.start({ ...settings, drawn: new Float32Array() }, true, ({ kind, step }) => {
      assert.equal(kind, "update");
      steps.push(step!);
    });
    await told(1);
    await Promise.all([work.setRate(0.02), work.setRate(0.03)]);
    const before = steps.length;
    await told(before + 10);
    await work.reset();
    for (const [i, step] of steps.slice(before).entries()) {
      assert.ok(i === 0 || step > steps[before + i - 1]!, steps.join(", "));
    }
    await engine.close();
  });
});

describe("the page's digits", () => {
  it("come once their file does, though it failed before", async () => {
    const engine = await nodeEngine({ threads: 1 });
    let failures = 1;
    const digits = (await siteModule<Open<Digits>>("work/mnist.ts")).open({
      ...nodeBench(engine),
      asset: async (path) => {
        if (failures-- > 0) throw new Error("offline");
        return new Uint8Array(await readFile(siteFile(`../${path}`)));
      },
    });
    const blank = new Uint8ClampedArray(784);
    await assert.rejects(digits.classify(blank), /offline/);
    assert.equal((await digits.classify(blank)).length, 10);
    await engine.close();
  });
});
