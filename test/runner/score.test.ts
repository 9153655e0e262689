import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Engine } from "../../src/engine/engine.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { ffjord, iResNetDensity, maf, realNvp, type Density } from "../../src/models/index.js";
import { openModel, type Runner } from "../../src/runner/index.js";
import { Random } from "../../src/random.js";
import { ndarray, type NDArray } from "../../src/tree.js";
import { assertClose } from "../support/values.js";

const random = Random.fromSeed(2);

function open(
  c: number | null,
  engine = referenceEngine(),
  gain = 1,
  blocks = 2,
): Promise<Runner<Density>> {
  const model = iResNetDensity({ shape: [2], blocks: [blocks], widths: [4], c });
  const arrays = Object.entries(model.scope.initialArrays(Random.fromSeed(1))).map(
    ([name, { shape, data }]) =>
      [name, ndarray(name.endsWith("weight") ? data.map((w) => w * gain) : data, shape)] as const,
  );
  return openModel(model, Object.fromEntries(arrays), { engine });
}

const points = (count: number): NDArray => ndarray(random.normal(2 * count), [count, 2]);

describe("Runner.score", () => {
  it("is exact in few dimensions, unless terms are given", async () => {
    const runner = await open(0.5);
    const exact = await runner.score(points(3), { random });
    assert.deepEqual([exact.method, exact.terms, exact.bias], ["exact", null, 0]);
    const series = await runner.score(points(3), { random, terms: 8 });
    assert.deepEqual([series.method, series.terms], ["series", 8]);
    assert.notDeepEqual(series.logProb.data, exact.logProb.data);
    const both = await runner.score(points(3), { random, terms: 8, logDet: "exact" });
    assert.deepEqual(both.logProb.data, exact.logProb.data);
  });

  it("says where a log-determinant without a series comes from", async () => {
    const methodsOf = async (model: Density): Promise<unknown[]> => {
      const arrays = model.scope.initialArrays(Random.fromSeed(1));
      const runner = await openModel(model, arrays, { engine: referenceEngine() });
      const x = ndarray(random.normal(model.dimensions), [1, model.dimensions]);
      const methods: unknown[] = [];
      for (const options of [
        {},
        { terms: 8 },
        { logDet: "exact" },
        { logDet: "estimate" },
      ] as const) {
        const { method, terms, bias } = await runner.score(x, { random, ...options });
        assert.deepEqual([terms, bias], [null, 0]);
        methods.push(method);
      }
      return methods;
    };
    const closed = Array.from({ length: 4 }, () => "closed form");
    assert.deepEqual(
      await methodsOf(realNvp({ shape: [20], couplings: [2], widths: [4] })),
      closed,
    );
    assert.deepEqual(await methodsOf(maf({ shape: [2], layers: 1, hidden: [4] })), closed);
    const estimate = "Hutchinson probe";
    assert.deepEqual(await methodsOf(ffjord({ shape: [2], widths: [4] })), [
      "exact",
      "exact",
      "exact",
      estimate,
    ]);
    assert.deepEqual(await methodsOf(ffjord({ shape: [17], widths: [4] })), [
      estimate,
      estimate,
      "exact",
      estimate,
    ]);
  });

  it("bounds the bias of any series, however long", async () => {
    const runner = await open(0.5, undefined, 4);
    const biases: number[] = [];
    for (const terms of [1, 20, 30]) {
      biases.push((await runner.score(points(1), { random, terms })).bias);
    }
    assert.ok(biases.every((bias) => bias > 0));
    assert.ok(biases[0]! > biases[1]! && biases[1]! > biases[2]!, biases.join(" "));
  });

  it("takes as many terms as keep the bias small, and no more", async () => {
    const taken: number[] = [];
    for (const c of [0.5, 0.9, 0.97]) {
      const runner = await open(c, undefined, 40);
      const x = points(1);
      const { terms, bias } = await runner.score(x, { random, logDet: "estimate" });
      taken.push(terms!);
      assert.ok(bias <= 0.01, `${bias} nats in two dimensions`);
      if (terms === 10) continue;
      const fewer = await runner.score(x, { random, terms: terms! - 10 });
      assert.ok(fewer.bias > 0.01, `${fewer.bias} nats with ${fewer.terms} terms`);
    }
    assert.ok(taken[0]! < taken[1]! && taken[1]! < taken[2]!, taken.join(" "));
    const unbounded = await open(null, undefined, 9);
    const { terms } = await unbounded.score(points(1), { random, logDet: "estimate" });
    assert.equal(terms, 100);
  });

  it("has no bound where a block may not be contractive", async () => {
    const runner = await open(null, undefined, 9);
    assert.ok(Object.values(runner.lipschitz).some((lipschitz) => lipschitz > 1));
    assert.equal((await runner.score(points(1), { random, terms: 2 })).bias, Infinity);
  });
});

describe("an inverse's certificate", () => {
  const lengthOf = ({ data }: NDArray, event: number): number =>
    Math.hypot(data[2 * event]!, data[2 * event + 1]!);

  for (const c of [0.5, 0.9, 0.98]) {
    it(`meets what is asked of it, and the truth, at c = ${c}`, async () => {
      const runner = await open(c, undefined, 9, 1);
      const x = points(16);
      const z = await runner.forward(x);
      const bounds: number[] = [];
      for (const tolerance of [1e-2, 1e-5]) {
        const back = await runner.attemptInverse(z, { tolerance });
        const [{ errorBound = Infinity } = {}] = back.checks;
        assert.ok(errorBound <= tolerance && errorBound > 0, `${errorBound} of ${tolerance}`);
        // After the block comes an ActNorm that starts as the identity.
        for (let event = 0; event < 16; event++) {
          const difference = back.x.data.map((value, i) => value - x.data[i]!);
          const error = lengthOf(ndarray(difference, x.shape), event) / (1 + lengthOf(z, event));
          assert.ok(error <= errorBound + 1e-6, `${error} of ${errorBound}`); // float32's rounding
        }
        bounds.push(errorBound);
      }
      assert.ok(bounds[1]! < bounds[0]!, "an accuracy that isn't asked for isn't paid for");
    });
  }

  it("doesn't exist without a bound below 1", async () => {
    const runner = await open(null, undefined, 9);
    const { checks } = await runner.attemptInverse(await runner.forward(points(2)));
    assert.ok(checks.some(({ errorBound }) => errorBound === Infinity));
  });
});

describe("batches of a runner", () => {
  it("come in few sizes, and what fills them up is left out", async () => {
    const inner = referenceEngine();
    let loads = 0;
    const engine: Engine = {
      ...inner,
      load: (graph) => {
        loads++;
        return inner.load(graph);
      },
    };
    const runner = await open(0.9, engine);
    loads = 0;
    const all = await runner.forward(points(8));
    for (const count of [5, 6, 7]) {
      const { shape, data } = await runner.forward(points(count));
      assert.deepEqual(shape, [count, 2]);
      assertClose(data, all.data.subarray(0, 2 * count), 0, `${count} events`);
    }
    assert.equal(loads, 1, "one size for 5 to 8 events");

    const four = await runner.sample(4, { random });
    const three = await runner.sample(3, { random });
    assert.deepEqual(three.shape, [3, 2]);
    assert.deepEqual(three.data, four.data.subarray(0, 6));
    assert.equal(loads, 2, "one size for 3 and 4 samples");
    assert.deepEqual((await runner.sample(101, { random })).shape, [101, 2]);
  });
});
