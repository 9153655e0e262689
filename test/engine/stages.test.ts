import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { compileTeam, localTransports, type Transport } from "../../src/engine/index.js";
import type { Trace } from "../../src/engine/compile.js";
import { nodeEngine } from "../../src/engine/node.js";
import { sumThrough } from "../../src/engine/sum-port.js";
import { IresnetError } from "../../src/errors.js";
import { add, allMean, exp, input, meanAll, mul, sub, type Tensor } from "../../src/graph/index.js";
import { Random } from "../../src/random.js";
import { ndarray, type Arrays } from "../../src/tree.js";

const w = ndarray([0.5, -2], [2]);

/** Two sums, the second of what the first gave. */
const trace: Trace = ({ x }) => {
  const weight = input("w", [2]);
  const scaled = exp(mul(x!, weight));
  const centred = sub(scaled, allMean(meanAll(scaled)));
  const loss: Tensor = allMean(meanAll(mul(centred, centred)));
  return { outputs: { loss }, updates: { w: add(weight, mul(loss, 0.1)) }, guard: ["loss"] };
};

/** A transport as other threads have them: whoever has its port needs nobody else. */
function withPort(transport: Transport, sum: Transport["sum"], asked: string[]): Transport {
  return {
    ...transport,
    sum: () => Promise.reject(new Error("expected the port to be taken")),
    connect: () => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }: MessageEvent<Float32Array>) => {
        asked.push(`rank ${transport.rank}`);
        void sum(data).then(
          (total) => {
            port1.postMessage({ sum: total });
          },
          (error: unknown) => {
            port1.postMessage({ failure: (error as Error).message });
          },
        );
      };
      return Promise.resolve(port2);
    },
  };
}

describe("stages of a step in an engine's worker", async () => {
  const engines = await Promise.all([nodeEngine({ threads: 1 }), nodeEngine({ threads: 1 })]);
  after(async () => {
    for (const engine of engines) await engine.close();
  });

  async function run(transports: readonly Transport[]): Promise<Arrays[]> {
    const compiled = compileTeam(
      engines.map((engine, i) => ({ engine, transport: transports[i]! })),
      trace,
    );
    const stores = await Promise.all(engines.map((engine) => engine.createStore({ w })));
    const parts = [
      [1, 2, 3, 4],
      [-1, 0, 1, 0.5],
    ].map((x) => ({ x: ndarray(x, [2, 2]) }));
    let loss: Arrays = {};
    for (let step = 0; step < 2; step++) {
      loss = await compiled.prepare(parts, Random.fromSeed(1)).run(stores);
    }
    const stored = await Promise.all(stores.map((store) => store.read()));
    await compiled.close();
    for (const store of stores) await store.close();
    return [loss, ...stored.map(({ w: one }) => ({ w: one! }))];
  }

  it("gives what stages from this thread give, and meets by the port alone", async () => {
    const asked: string[] = [];
    const transports = localTransports(2);
    const expected = await run(localTransports(2));
    const got = await run(transports.map((one) => withPort(one, (data) => one.sum(data), asked)));
    assert.deepEqual(got, expected);
    assert.deepEqual(got[1], got[2]);
    assert.deepEqual(asked.sort(), [
      ...Array<string>(4).fill("rank 0"),
      ...Array<string>(4).fill("rank 1"),
    ]);
  });

  it("fails as the sum does", async () => {
    const broken = (): Promise<never> => Promise.reject(new Error("mpi: no network"));
    await assert.rejects(run(localTransports(2).map((one) => withPort(one, broken, []))), {
      message: "mpi: no network",
    });
  });

  it("fails where the other end of the port is gone, then and later", async () => {
    const { port1, port2 } = new MessageChannel();
    const sum = sumThrough(port2);
    const underWay = sum(Float32Array.of(1));
    port1.close();
    await assert.rejects(underWay, IresnetError);
    await assert.rejects(sum(Float32Array.of(1)), IresnetError);
  });
});
