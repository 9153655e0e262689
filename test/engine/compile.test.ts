import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gradients } from "../../src/autodiff/vjp.js";
import { compile, type Traced } from "../../src/engine/compile.js";
import type { Engine } from "../../src/engine/engine.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { ShapeError, UsageError } from "../../src/errors.js";
import {
  add,
  input,
  meanAll,
  mul,
  square,
  stopGradient,
  sub,
  sumAll,
  tanh,
  type Tensor,
} from "../../src/graph/index.js";
import { Random, type NoiseKind } from "../../src/random.js";
import { ndarray, scalarArray } from "../../src/tree.js";

const engine = referenceEngine();
const random = Random.fromSeed(5);
const noisy = (kind: NoiseKind, use: (noise: Tensor) => Tensor) => (): Traced => ({
  outputs: { y: use(input("noise.0", [4])) },
  noise: { "noise.0": kind },
});

describe("compile", () => {
  it("runs a graph that gives nothing without asking the engine", async () => {
    const load = (): never => assert.fail("an engine may refuse such a graph");
    const f = compile({ ...engine, load }, () => ({ outputs: {} }));
    assert.deepEqual(await f.call({ x: scalarArray(1) }), {});
    await f.close();
  });

  it("traces once for each set of shapes", async () => {
    const traced: string[] = [];
    const f = compile(engine, ({ a, b }) => {
      traced.push(`${a!.shape}|${b!.shape}`);
      return { outputs: { y: add(a!, b!) } };
    });
    const two = ndarray([1, 2], [2]);
    const one = scalarArray(10);
    assert.deepEqual([...(await f.call({ a: two, b: one })).y!.data], [11, 12]);
    assert.deepEqual([...(await f.call({ b: one, a: two })).y!.data], [11, 12]);
    assert.deepEqual([...(await f.call({ a: one, b: two })).y!.data], [11, 12]);
    await f.call({ a: two, b: one });
    assert.deepEqual(traced, ["2|", "|2"]);
  });

  it("trains: gradients, updates and a guard in one graph", async () => {
    const step = compile(engine, ({ x, y, rate }) => {
      const w = input("w", []);
      const loss = meanAll(square(sub(mul(w, x!), y!)));
      const [slope] = gradients(loss, [w]);
      return { outputs: { loss }, updates: { w: sub(w, mul(rate!, slope!)) }, guard: ["loss"] };
    });
    const store = await engine.createStore({ w: scalarArray(0) });
    const data = { x: ndarray([1, 2, 3], [3]), y: ndarray([2, 4, 6], [3]) };
    for (let i = 0; i < 20; i++) await step.call({ ...data, rate: scalarArray(0.1) }, { store });
    assert.ok(Math.abs((await store.read()).w!.data[0]! - 2) < 1e-3);
    const bad = { x: data.x, y: ndarray([1, NaN, 1], [3]), rate: scalarArray(0.1) };
    await step.call(bad, { store });
    assert.ok(Math.abs((await store.read()).w!.data[0]! - 2) < 1e-3);
  });

  it("draws each noise from the split of its name", async () => {
    for (const kind of ["normal", "uniform", "rademacher"] as const) {
      const f = compile(
        engine,
        noisy(kind, (noise) => mul(noise, 1)),
      );
      const { y } = await f.call({}, { random });
      assert.deepEqual(y!.data, random.split("noise.0")[kind](4));
    }
  });

  it("draws when preparing, not when running", async () => {
    const f = compile(engine, noisy("normal", tanh));
    const prepared = f.prepare({}, random);
    assert.deepEqual(prepared.feeds["noise.0"]?.data, random.split("noise.0").normal(4));
    const first = await f.run(prepared);
    assert.deepEqual(await f.run(prepared), first);
  });

  it("needs no noise that the simplified graph doesn't", async () => {
    const f = compile(
      engine,
      noisy("normal", (noise) => add(sumAll(mul(noise, 0)), 3)),
    );
    assert.deepEqual([...(await f.call({})).y!.data], [3]);
  });

  it("names the noise it can't draw", async () => {
    const f = compile(
      engine,
      noisy("normal", (noise) => noise),
    );
    assert.throws(
      () => f.prepare({}),
      (error) => error instanceof UsageError && error.message.includes("noise.0"),
    );
    await assert.rejects(f.call({}), UsageError);
  });

  it("simplifies outputs and updates as one graph", async () => {
    const loads: number[] = [];
    const watching = {
      ...engine,
      load: (graph: Parameters<typeof engine.load>[0]) => {
        loads.push(Number(graph.outputs.y === graph.updates.w));
        return engine.load(graph);
      },
    };
    const w = input("w", []);
    const f = compile(watching, () => ({
      outputs: { y: tanh(stopGradient(w)) },
      updates: { w: tanh(w) },
    }));
    const store = await engine.createStore({ w: scalarArray(1) });
    await f.call({}, { store });
    assert.deepEqual(loads, [1]);
  });

  it("reports what the trace or the load throws, when run", async () => {
    const f = compile(engine, ({ x }) => ({ outputs: { y: add(x!, input("w", [3])) } }));
    await assert.rejects(f.call({ x: ndarray([1, 2], [2]) }), ShapeError);
    const g = compile(engine, ({ x }) => ({ outputs: { y: x! }, guard: ["z"] }));
    const prepared = g.prepare({ x: scalarArray(1) });
    await assert.rejects(g.run(prepared), UsageError);
  });

  it("draws each row of a noise from its own key", async () => {
    const f = compile(engine, ({ x }) => ({
      outputs: { y: add(x!, input("noise.0", [3, 2])) },
      noise: { "noise.0": "normal" },
    }));
    const x = ndarray(new Float32Array(6), [3, 2]);
    const keys = [5, 6, 7].map((row) => Random.fromSeed(1).split(row));
    const { y } = await f.call({ x }, { random: keys });
    const rows = keys.flatMap((key) => [...key.split("noise.0").normal(2)]);
    assert.deepEqual([...y!.data], rows);
    const [first, , last] = keys;
    const swapped = await f.call({ x }, { random: [last!, keys[1]!, first!] });
    assert.deepEqual(
      [...swapped.y!.data],
      [...rows.slice(4), ...rows.slice(2, 4), ...rows.slice(0, 2)],
    );
    assert.throws(() => f.prepare({ x }, keys.slice(1)), /noise of 2 rows, .* shape \[3,2\]/);
  });

  it("closes what loaded, whatever didn't", async () => {
    const seen = { loads: 0, closed: 0 };
    const load: Engine["load"] = async (graph) => {
      if (seen.loads++ === 0) throw new Error("no memory");
      const session = await engine.load(graph);
      const close = session.close.bind(session);
      session.close = () => {
        seen.closed++;
        return close();
      };
      return session;
    };
    const f = compile({ ...engine, load }, ({ x }) => ({ outputs: { y: add(x!, 1) } }));
    await assert.rejects(f.call({ x: scalarArray(1) }), /no memory/);
    await f.call({ x: ndarray([1, 2], [2]) });
    await f.close();
    assert.equal(seen.closed, 1);
  });

  it("traces afresh once closed", async () => {
    let traces = 0;
    const f = compile(engine, ({ x }) => {
      traces++;
      return { outputs: { y: x! } };
    });
    await f.call({ x: scalarArray(1) });
    await f.close();
    await f.call({ x: scalarArray(1) });
    assert.equal(traces, 2);
  });
});
