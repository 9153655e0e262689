import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Engine, Graph, Session } from "../../src/engine/engine.js";
import { nodeEngine } from "../../src/engine/node.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { ShapeError, UsageError } from "../../src/errors.js";
import {
  add,
  concat,
  input,
  log,
  mul,
  fixedPoint,
  literal,
  minimum,
  reshape,
} from "../../src/graph/index.js";
import { ndarray, scalarArray } from "../../src/tree.js";

const graphOf = (graph: Partial<Graph>): Graph => ({
  outputs: {},
  updates: {},
  guard: [],
  ...graph,
});

const failsWith =
  (kind: new (message: string) => Error, message: RegExp) =>
  (error: unknown): boolean =>
    error instanceof kind && message.test(error.message);

/** What every engine promises. */
function contract(name: string, make: () => Promise<Engine>): void {
  describe(name, () => {
    const x = input("x", [2]);
    const total = input("total", [2]);
    const count = input("count", []);
    /** total ← total + x, count ← count + 1, unless ln x isn't finite. */
    const counting = graphOf({
      outputs: { seen: total, loss: log(x) },
      updates: { total: add(total, x), count: add(count, 1) },
      guard: ["loss"],
    });
    const start = { total: ndarray([0, 0], [2]), count: scalarArray(0) };

    let engine: Engine;
    let session: Session;
    before(async () => {
      engine = await make();
      session = await engine.load(counting);
    });
    after(() => engine.close());

    it("takes what isn't fed from the store, and stores the updates", async () => {
      const store = await engine.createStore(start);
      const runs = [1, 2, 3].map((n) => session.run({ x: ndarray([n, 10 * n], [2]) }, store));
      const seen = (await Promise.all(runs)).map((result) => [...result.seen!.data]);
      assert.deepEqual(seen, [
        [0, 0],
        [1, 10],
        [3, 30],
      ]);
      const { total: sum, count: runsDone } = await store.read();
      assert.deepEqual([...sum!.data, ...runsDone!.data], [6, 60, 3]);
      assert.deepEqual([sum!.shape, runsDone!.shape], [[2], []]);
    });

    it("stores no update if a guarded output isn't finite", async () => {
      const store = await engine.createStore(start);
      await session.run({ x: ndarray([1, 1], [2]) }, store);
      for (const bad of [-1, 0, NaN]) {
        const { loss } = await session.run({ x: ndarray([1, bad], [2]) }, store);
        assert.ok(!Number.isFinite(loss!.data[1]));
      }
      const { total: sum, count: runsDone } = await store.read();
      assert.deepEqual([...sum!.data, ...runsDone!.data], [1, 1, 1]);
    });

    it("shares a store between sessions and sessions between stores", async () => {
      const doubling = await engine.load(graphOf({ updates: { total: mul(total, 2) } }));
      const [a, b] = [await engine.createStore(start), await engine.createStore(start)];
      const feeds = { x: ndarray([1, 2], [2]) };
      await Promise.all([
        session.run(feeds, a),
        doubling.run({}, a),
        session.run(feeds, a),
        session.run(feeds, b),
      ]);
      assert.deepEqual([...(await a.read(["total"])).total!.data], [3, 6]);
      assert.deepEqual([...(await b.read(["total"])).total!.data], [1, 2]);
    });

    it("reads some, and writes some", async () => {
      const store = await engine.createStore(start);
      await store.write({ total: ndarray([7, 8], [2]), extra: scalarArray(9) });
      assert.deepEqual(Object.keys(await store.read(["extra"])), ["extra"]);
      const all = await store.read();
      assert.deepEqual([...all.total!.data, ...all.count!.data, ...all.extra!.data], [7, 8, 0, 9]);
      await assert.rejects(store.read(["totl"]), failsWith(UsageError, /"totl"/));
    });

    it("leaves what it is given untouched, and what it gives alone", async () => {
      const fed = { x: ndarray([1, 2], [2]) };
      const own = { total: ndarray([5, 6], [2]), count: scalarArray(0) };
      const store = await engine.createStore(own);
      const first = await session.run(fed, store);
      const read = await store.read();
      read.total!.data[0] = 100;
      first.seen!.data[0] = 100;
      await session.run(fed, store);
      assert.deepEqual([...fed.x.data, ...own.total.data], [1, 2, 5, 6]);
      assert.deepEqual([...(await store.read()).total!.data], [7, 10]);
    });

    it("keeps arrays apart that share their memory when they are given", async () => {
      const shared = ndarray([0, 0], [2]);
      const store = await engine.createStore({ ...start, total: shared, other: shared });
      for (let run = 0; run < 3; run++) await session.run({ x: ndarray([1, 2], [2]) }, store);
      const { total: sum, other } = await store.read();
      assert.deepEqual([...sum!.data, ...other!.data], [3, 6, 0, 0]);
    });

    it("takes an array of another shape in the place of a stored one", async () => {
      const store = await engine.createStore(start);
      for (let run = 0; run < 2; run++) await session.run({ x: ndarray([1, 2], [2]) }, store);
      await store.write({ total: ndarray([1, 2, 3], [3]) });
      const updates = { total: mul(input("total", [3]), 2) };
      const doubling = await engine.load(graphOf({ updates }));
      for (let run = 0; run < 2; run++) await doubling.run({}, store);
      assert.deepEqual([...(await store.read(["total"])).total!.data], [4, 8, 12]);
    });

    it("prefers a fed value to the stored one, and ignores feeds it has no input for", async () => {
      const store = await engine.createStore(start);
      const feeds = { x: ndarray([1, 1], [2]), total: ndarray([4, 5], [2]), other: scalarArray(1) };
      const { seen } = await session.run(feeds, store);
      assert.deepEqual([...seen!.data], [4, 5]);
    });

    it("gives one tensor under several names, and an input as it is", async () => {
      const y = add(x, 1);
      const twice = await engine.load(graphOf({ outputs: { a: y, b: y, x } }));
      const { a, b, x: same } = await twice.run({ x: ndarray([1, 2], [2]) });
      assert.deepEqual([...a!.data, ...b!.data, ...same!.data], [2, 3, 2, 3, 1, 2]);
    });

    it("stops a fixed point early", async () => {
      // x ← min(x + 1, 9) from 0: all steps are 1, up to 9.
      const steps = input("steps", []);
      const { value: climbing, step } = fixedPoint(
        literal([0], [1]),
        (at) => minimum(add(at, 1), 9),
        { steps, tolerance: 0.5 },
      );
      const climb = await engine.load(graphOf({ outputs: { climbing, step } }));
      for (const [given, expected] of [
        [1, 1],
        [2.9999, 3],
        [4.0001, 4],
        [1000, 9],
      ] as const) {
        const result = await climb.run({ steps: scalarArray(given) });
        assert.deepEqual([...result.climbing!.data], [expected]);
        assert.deepEqual([...result.step!.data], [given === 1000 ? 0 : 1]);
      }
    });

    it("goes on with a fixed point until the last event stops", async () => {
      // The first event is there from the start, and large; the second one climbs 2 − 2¹⁻ⁿ.
      const { value: halfway } = fixedPoint(
        literal([1e6, 0, 0, 0], [2, 2]),
        (at) => add(mul(at, 0.5), literal([5e5, 0, 0, 1], [2, 2])),
        { steps: 100, tolerance: 1e-4 },
      );
      const climb = await engine.load(graphOf({ outputs: { halfway } }));
      const { data } = (await climb.run({})).halfway!;
      assert.deepEqual([...data.subarray(0, 3)], [1e6, 0, 0]);
      assert.ok(Math.abs(data[3]! - 2) < 3e-4, `stopped at ${data[3]}`);
    });

    it("names an input that is neither fed nor stored", async () => {
      const store = await engine.createStore({ total: ndarray([0, 0], [2]) });
      const feeds = { x: ndarray([1, 1], [2]) };
      await assert.rejects(session.run(feeds, store), failsWith(UsageError, /input "count".*\[\]/));
    });

    it("refuses an array of another shape", async () => {
      const store = await engine.createStore(start);
      const fed = session.run({ x: ndarray([1, 1, 1], [3]) }, store);
      await assert.rejects(fed, failsWith(ShapeError, /input "x" in shape \[2\], got \[3\]/));
      await store.write({ total: ndarray([0, 0], [1, 2]) });
      const stored = session.run({ x: ndarray([1, 1], [2]) }, store);
      await assert.rejects(stored, failsWith(ShapeError, /input "total".*\[1,2\]/));
    });

    it("refuses updates without a store, or with another engine's", async () => {
      const feeds = { x: ndarray([1, 1], [2]), ...start };
      await assert.rejects(session.run(feeds), failsWith(UsageError, /store for the updates of/));
      const other = await referenceEngine().createStore(start);
      await assert.rejects(
        session.run(feeds, { ...other }),
        failsWith(UsageError, /own engine|another's/),
      );
    });

    it("refuses graphs that don't fit together", async () => {
      const load = (graph: Partial<Graph>): Promise<Session> => engine.load(graphOf(graph));
      await assert.rejects(
        load({ outputs: { loss: x }, guard: ["los"] }),
        failsWith(UsageError, /guard to name an output, got "los"/),
      );
      await assert.rejects(
        load({ updates: { x: concat([x, x], 0) } }),
        failsWith(ShapeError, /update of "x" in shape \[2\], got \[4\]/),
      );
      await assert.rejects(
        load({ outputs: { y: add(x, reshape(input("x", [2, 1]), [2])) } }),
        failsWith(UsageError, /one shape for input "x"/),
      );
    });
  });
}

contract("the engine of ONNX Runtime in Node", () => nodeEngine({ threads: 2 }));
contract("the reference engine", () => Promise.resolve(referenceEngine()));
