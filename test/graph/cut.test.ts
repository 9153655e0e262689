import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gradients } from "../../src/autodiff/vjp.js";
import { compileTeam, localTransports, type Engine, type Graph } from "../../src/engine/index.js";
import type { Trace } from "../../src/engine/compile.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { UsageError } from "../../src/errors.js";
import {
  add,
  allMean,
  cutAtMeans,
  exp,
  input,
  loop,
  mean,
  meanAll,
  mul,
  reshape,
  slice,
  square,
  sub,
  sumAll,
  topologicalOrder,
  type Tensor,
} from "../../src/graph/index.js";
import { Random } from "../../src/random.js";
import { ndarray, type Arrays } from "../../src/tree.js";
import { assertClose } from "../support/values.js";

const random = Random.fromSeed(3);
const rows = 12;
const x = ndarray(random.split("x").normal(rows * 2), [rows, 2]);
const w = ndarray([0.8, -1.2], [1, 2]);

/** Twice normalised by statistics of the batch, so that four sums depend on each other. */
const twiceNormalised: Trace = ({ x: given }) => {
  const weight = input("w", [1, 2]);
  let y = add(mul(given!, weight), mul(input("noise", given!.shape), 0.1));
  for (let i = 0; i < 2; i++) {
    const centre = allMean(mean(y, [0]));
    const variance = allMean(mean(square(sub(y, centre)), [0]));
    y = exp(mul(sub(y, centre), mul(weight, add(variance, 0.1))));
  }
  const loss = meanAll(y);
  const [gradient] = gradients(loss, [weight]);
  return {
    outputs: { loss: allMean(loss), gradient: allMean(gradient!) },
    updates: { w: sub(weight, mul(allMean(gradient!), 0.1)) },
    guard: ["loss"],
    noise: { noise: "normal" },
  };
};

/** What a team of `size` gives first, and what its members store. */
async function run(size: number, graphs?: Graph[]): Promise<{ first: Arrays; stored: Arrays[] }> {
  const watched = (engine: Engine): Engine => ({
    ...engine,
    load: (graph) => {
      graphs?.push(graph);
      return engine.load(graph);
    },
  });
  const members = localTransports(size).map((transport) => ({
    engine: watched(referenceEngine()),
    transport,
  }));
  const compiled = compileTeam(members, twiceNormalised);
  const stores = await Promise.all(members.map(({ engine }) => engine.createStore({ w })));
  const count = (2 * rows) / size;
  const parts = members.map((_, i) => ({
    x: ndarray(x.data.slice(i * count, (i + 1) * count), [rows / size, 2]),
  }));
  const first = await compiled.prepare(parts, random).run(stores);
  return { first, stored: await Promise.all(stores.map((store) => store.read(["w"]))) };
}

describe("a graph cut at means over a team", () => {
  it("gives what the whole batch gives, gradients included", async () => {
    const whole = await run(1);
    for (const size of [2, 3, 4]) {
      const { first, stored } = await run(size);
      for (const name of ["loss", "gradient"]) {
        assertClose(first[name]!.data, whole.first[name]!.data, 1e-6, `${size}: ${name}`);
      }
      for (const arrays of stored) assert.deepEqual(arrays, stored[0]);
      assertClose(stored[0]!.w!.data, whole.stored[0]!.w!.data, 1e-6, `${size}: update`);
    }
  });

  it("differs from the mean of what parts give by themselves", async () => {
    const [whole, other] = [
      await run(1),
      await (async () => {
        const engine = referenceEngine();
        const compiled = compileTeam(
          [{ engine, transport: localTransports(1)[0]! }],
          twiceNormalised,
        );
        const store = await engine.createStore({ w });
        const part = { x: ndarray(x.data.slice(0, rows), [rows / 2, 2]) };
        return compiled.prepare([part], random).run([store]);
      })(),
    ];
    const difference = Math.abs(other.loss!.data[0]! - whole.first.loss!.data[0]!);
    assert.ok(difference > 1e-3, String(difference));
  });

  it("meets once for all means that don't depend on each other", async () => {
    const graphs: Graph[] = [];
    await run(2, graphs);
    // Two means and two variances on the way there, four of their gradients back, and the results.
    const sums = graphs.filter(({ outputs }) => "share" in outputs).length / 2;
    assert.ok(sums >= 5 && sums <= 9, String(sums));
    const { before } = cutAtMeans(
      { a: allMean(exp(input("x", [3]))), b: allMean(sumAll(input("x", [3]))) },
      2,
    );
    assert.deepEqual(
      before.map(({ share }) => share.shape),
      [[4]],
    );
  });

  it("takes views again rather than keeping them, and inputs from where they are", () => {
    const packed = input("packed", [6]);
    const view = reshape(slice(packed, 0, 0, 3), [1, 3]);
    const { before, last } = cutAtMeans({ y: mul(allMean(sumAll(exp(view))), view) }, 2);
    assert.deepEqual(Object.keys(before[0]!.kept), []);
    const inputs = topologicalOrder(Object.values<Tensor>(last)).filter(({ op }) => op === "input");
    assert.equal(inputs.length, 2);
  });

  it("makes again what takes one operation an element, rather than keeping it", () => {
    const [mean1, x] = [input("mean", [4]), input("x", [4])];
    const mean2 = add(mul(mean1, 0.9), mul(allMean(exp(x)), 0.1));
    assert.deepEqual(Object.keys(cutAtMeans({ mean2 }, 2).before[0]!.kept), []);
    const summed = add(sumAll(mean1), allMean(sumAll(x)));
    assert.deepEqual(Object.keys(cutAtMeans({ summed }, 2).before[0]!.kept), ["kept.0"]);
  });

  it("refuses a mean in an iteration, where nobody can meet", () => {
    const { y } = loop(
      { y: input("x", [2]) },
      { next: ({ y: at }) => ({ y: allMean(at) }), goOn: () => input("on", []), steps: 2 },
    );
    assert.throws(() => cutAtMeans({ y }, 2), UsageError);
  });
});
