import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Engine } from "../../src/engine/engine.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { LipschitzError } from "../../src/errors.js";
import { convergeNorms } from "../../src/models/index.js";
import { settleNorms, type SettledNorms } from "../../src/models/converge.js";
import { iResNetDensity } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { ndarray, type Arrays } from "../../src/tree.js";
import { countRuns } from "../support/engine.js";
import { assertClose } from "../support/values.js";

const branch = "stages.0.blocks.0.branch";

/** Two layers of 2 to 2 features, nothing to bound their norms. */
const model = iResNetDensity({ shape: [2], blocks: [1], widths: [2], c: null });

/** The model's first layer with this weight and these vectors. */
function arraysWith(weight: readonly number[], u: readonly number[], v = u): Arrays {
  return {
    ...model.scope.initialArrays(Random.fromSeed(1)),
    [`${branch}.linear1.weight`]: ndarray(weight, [2, 2]),
    [`${branch}.linear1.u`]: ndarray(u, [1, 2]),
    [`${branch}.linear1.v`]: ndarray(v, [1, 2]),
  };
}

/** The first layer's norm and the vectors that are stored with it. */
async function converge(arrays: Arrays): Promise<{ norm: number; u: Float32Array }> {
  const engine = referenceEngine();
  const store = await engine.createStore(arrays);
  const norms = await convergeNorms(engine, model, store);
  const stored = await store.read();
  return { norm: norms[`${branch}.linear1`]!, u: stored[`${branch}.linear1.u`]!.data };
}

describe("convergeNorms", () => {
  for (const [where, start] of Object.entries({
    on: [0, 1],
    beside: [1e-3, 1],
  })) {
    it(`leaves vectors parked ${where} the second singular value`, async () => {
      const { norm, u } = await converge(arraysWith([1, 0, 0, 0.95], start));
      assertClose([norm], [1.002], 1e-5, "norm");
      assertClose([Math.abs(u[0]!)], [1], 1e-3, "u");
    });
  }

  it("keeps the stored vectors where they are as good as any", async () => {
    const { norm, u } = await converge(arraysWith([1, 0, 0, 1], [0.6, 0.8]));
    assertClose([norm], [1.002], 1e-6, "norm");
    assertClose(u, [0.6, 0.8], 1e-6, "u");
  });

  it("brings back vectors that were stored as zeros", async () => {
    const { norm, u } = await converge(arraysWith([0.5, 0, 0, 0.1], [0, 0]));
    assertClose([norm], [0.501], 1e-5, "norm");
    assertClose([Math.abs(u[0]!)], [1], 1e-5, "u");
  });

  it("frees what it took when the norms don't settle", async () => {
    const inner = referenceEngine();
    let open = 0;
    const engine: Engine = {
      ...inner,
      load: async (graph) => {
        const session = await inner.load(graph);
        const release = session.close.bind(session);
        session.close = () => (open--, release());
        open++;
        return session;
      },
      createStore: async (arrays) => {
        const store = await inner.createStore(arrays);
        const dispose = store.close.bind(store);
        store.close = () => (open--, dispose());
        open++;
        return store;
      },
    };
    const arrays = arraysWith([NaN, 0, 0, 1], [1, 0]);
    const store = await engine.createStore(arrays);
    await assert.rejects(
      convergeNorms(engine, model, store),
      (error) => error instanceof LipschitzError && error.details.block !== undefined,
    );
    await store.close();
    assert.equal(open, 0);
  });
});

describe("settleNorms", () => {
  const weight = [1, 0, 0, 0.5];
  const [first, second] = ["linear1", "linear2"].map((name) => `${branch}.${name}`);

  /** What it finds when it knows something, and the rounds of iterations that took. */
  async function settled(
    arrays: Arrays,
    known?: SettledNorms,
  ): Promise<{ found: SettledNorms; runs: number; after: Arrays }> {
    const engine = referenceEngine();
    const counted = countRuns(engine);
    const store = await engine.createStore(arrays);
    const found = await settleNorms(engine, model, store, known);
    return { found, ...counted, after: await store.read() };
  }

  it("takes one iteration where the norms are known and there", async () => {
    const { found, runs, after } = await settled(arraysWith(weight, [1, 0]));
    assert.ok(runs >= 40, `${runs} rounds`);
    const again = await settled(after, found);
    assert.deepEqual([again.found, again.runs], [found, 1]);
    assertClose([again.found[first!]!], [1], 1e-6, "norm");
  });

  for (const [what, known] of Object.entries({
    "another weight's": (norms: SettledNorms) => ({ ...norms, [first!]: 0.9 }),
    "of one weight alone": (norms: SettledNorms) => ({ [second!]: norms[second!]! }),
    "not a number": (norms: SettledNorms) => ({ ...norms, [first!]: NaN }),
  })) {
    it(`settles them where what is known is ${what}`, async () => {
      const { found, after } = await settled(arraysWith(weight, [1, 0]));
      const again = await settled(after, known(found));
      assert.ok(again.runs >= 40, `${again.runs} rounds`);
      assertClose([again.found[first!]!], [1], 1e-6, "norm");
    });
  }

  it("settles them where the vectors are of a smaller singular value", async () => {
    const { found } = await settled(arraysWith(weight, [1, 0]));
    const again = await settled(arraysWith(weight, [0, 1]), found);
    assert.ok(again.runs >= 40, `${again.runs} rounds`);
    assertClose([again.found[first!]!], [1], 1e-6, "norm");
  });
});
