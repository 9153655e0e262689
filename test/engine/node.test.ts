import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import type { Worker } from "node:worker_threads";
import type { Engine, Graph } from "../../src/engine/engine.js";
import { nodeCalls } from "../../src/engine/node-calls.js";
import { nodeEngine } from "../../src/engine/node.js";
import { startEngine } from "../../src/engine/start-engine.js";
import { IresnetError, UsageError } from "../../src/errors.js";
import {
  conv2dWeightGrad,
  fixedPoint,
  input,
  makeNode,
  matmul,
  mul,
  sumAll,
  type Tensor,
} from "../../src/graph/index.js";
import { Random } from "../../src/random.js";
import { ndarray, scalarArray } from "../../src/tree.js";

const x = input("x", [64, 64]);
const graphOf = (outputs: Graph["outputs"]): Graph => ({ outputs, updates: {}, guard: [] });

async function withEngine(
  options: { threads?: number },
  use: (engine: Engine) => Promise<void>,
): Promise<void> {
  await using engine = await nodeEngine(options);
  await use(engine);
}

describe("nodeEngine", () => {
  it("says what it is", () =>
    withEngine({ threads: 1 }, (engine) => {
      assert.match(
        engine.description,
        /^onnxruntime-node \d+\.\d+\.\d+ cpu, 1 thread, \w+ convolutions$/,
      );
      return Promise.resolve();
    }));

  it("refuses a number of threads that can't be", async () => {
    for (const threads of [0, -1, 1.5, NaN, 100_000, 2 ** 40]) {
      await assert.rejects(nodeEngine({ threads }), UsageError);
    }
  });

  it("refuses options and lowerings that it doesn't know", async () => {
    for (const [options, message] of [
      [{ thread: 1 }, /did you mean "threads"/],
      [{ lowering: "portble" }, /did you mean "portable"/],
    ] as const) {
      await assert.rejects(nodeEngine(options as object), { name: UsageError.name, message });
    }
  });

  it("ends its worker if it can't start", async () => {
    const started = once(process, "worker") as Promise<[Worker]>;
    const script = new URL("../../src/engine/node-worker.js", import.meta.url);
    const failing = assert.rejects(
      startEngine(nodeCalls(script), { device: "cpu", threads: 1 }, () =>
        Promise.reject(new Error("no engine")),
      ),
      /no engine/,
    );
    const [worker] = await started;
    const ended = once(worker, "exit");
    await failing;
    await ended;
  });

  it("leaves the calling thread free during a run", () =>
    withEngine({ threads: 1 }, async (engine) => {
      const steps = input("steps", []);
      const f = (at: Tensor): Tensor => mul(matmul(at, x), 0.001);
      const { value: slow } = fixedPoint(x, f, { steps, tolerance: -1 });
      const session = await engine.load(graphOf({ slow: sumAll(slow) }));
      const feeds = { x: ndarray(Random.fromSeed(1).normal(64 * 64), [64, 64]) };
      let ticks = 0;
      const timer = setInterval(() => ticks++, 5);
      const before = performance.now();
      await session.run({ ...feeds, steps: scalarArray(20_000) });
      const took = performance.now() - before;
      clearInterval(timer);
      assert.ok(took > 100, `too short a run to tell: ${took} ms`);
      assert.ok(ticks > took / 50, `${ticks} ticks in ${took} ms`);
    }));

  it("gives the same bits for the same inputs and threads", async () => {
    const [a, b] = [input("a", [16, 12, 14, 14]), input("b", [16, 8, 14, 14])];
    const w = conv2dWeightGrad(a, b, 3);
    const graph = graphOf({ w, total: sumAll(w) });
    const random = Random.fromSeed(3);
    const feeds = {
      a: ndarray(random.split("a").normal(16 * 12 * 196), a.shape),
      b: ndarray(random.split("b").normal(16 * 8 * 196), b.shape),
    };
    const results: Float32Array[] = [];
    for (let i = 0; i < 2; i++) {
      await withEngine({ threads: 2 }, async (engine) => {
        const session = await engine.load(graph);
        for (let j = 0; j < 3; j++) {
          const { w: gradient, total } = await session.run(feeds);
          results.push(Float32Array.of(...gradient!.data, ...total!.data));
        }
      });
    }
    for (const result of results) assert.deepEqual(result, results[0]);
  });

  it("names what failed inside the runtime", () =>
    withEngine({ threads: 1 }, async (engine) => {
      const wrong = makeNode("reshape", [input("n", [2])], {}, [3]);
      await assert.rejects(
        engine.load(graphOf({ wrong })).then((session) => session.run({ n: ndarray([1, 2], [2]) })),
        (error) =>
          error instanceof IresnetError &&
          /^nodeEngine: (loading|running) the graph of \[wrong\] failed: /.test(error.message),
      );
    }));

  it("refuses sessions and stores that were closed, and work once closed", async () => {
    const engine = await nodeEngine({ threads: 1 });
    const session = await engine.load(graphOf({ y: sumAll(x) }));
    const store = await engine.createStore({});
    await session.close();
    await session.close();
    await store.close();
    await assert.rejects(session.run({}), /session was closed/);
    await assert.rejects(store.read(), /store was closed/);
    await engine.close();
    await engine.close();
    await assert.rejects(engine.createStore({}), UsageError);
  });

  it("ends its sessions and stores, which may be closed afterwards", async () => {
    const engine = await nodeEngine({ threads: 1 });
    const session = await engine.load(graphOf({ y: sumAll(x) }));
    const store = await engine.createStore({});
    await engine.close();
    await session.close();
    await store.close();
    await assert.rejects(session.run({}), /the engine is closed/);
  });

  it("finishes the runs under way before it closes", async () => {
    const engine = await nodeEngine({ threads: 1 });
    const session = await engine.load(graphOf({ y: sumAll(x) }));
    const run = session.run({ x: ndarray(new Float32Array(64 * 64).fill(1), [64, 64]) });
    await engine.close();
    assert.deepEqual([...(await run).y!.data], [4096]);
  });

  for (const end of ["", "await engine.close();"]) {
    it(`lets the process end ${end ? "once closed" : "when idle"}`, async () => {
      const url = new URL("../../src/engine/node.js", import.meta.url);
      const script = `
        const { nodeEngine } = await import(${JSON.stringify(url)});
        const engine = await nodeEngine({ threads: 1 });
        ${end}
        console.log("done");`;
      const { stdout, stderr } = await promisify(execFile)(
        process.execPath,
        ["--input-type=module", "--eval", script],
        { timeout: 20_000 },
      );
      assert.deepEqual([stdout, stderr], ["done\n", ""]);
    });
  }
});
