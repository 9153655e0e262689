import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { abortable, isAbort, unlessAborted } from "../../src/engine/index.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { input, neg } from "../../src/graph/index.js";
import { ndarray } from "../../src/tree.js";

describe("an abortable engine", () => {
  const graph = { outputs: { y: neg(input("x", [1])) }, updates: {}, guard: [] };
  const feeds = { x: ndarray([2], [1]) };

  it("runs until the signal, then throws its reason, while stores can be read", async () => {
    const controller = new AbortController();
    const engine = abortable(referenceEngine(), controller.signal);
    const session = await engine.load(graph);
    const store = await engine.createStore(feeds);
    assert.deepEqual([...(await session.run({}, store)).y!.data], [-2]);
    controller.abort();
    const isReason = (error: unknown): boolean => isAbort(error, controller.signal);
    await assert.rejects(session.run(feeds), isReason);
    await assert.rejects(engine.load(graph), isReason);
    assert.deepEqual([...(await store.read()).x!.data], [2]);
    await engine.close();
  });

  it("is the engine itself without a signal", () => {
    const engine = referenceEngine();
    assert.equal(abortable(engine, undefined), engine);
  });

  it("tells an abort from other failures", async () => {
    const controller = new AbortController();
    controller.abort();
    const { signal } = controller;
    const fail = (error: Error): Promise<number> => Promise.reject(error);
    assert.equal(await unlessAborted(signal, () => fail(signal.reason as Error)), undefined);
    await assert.rejects(
      unlessAborted(signal, () => fail(new Error("other"))),
      /other/,
    );
  });
});
