import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Engine } from "../../src/engine/engine.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { UsageError } from "../../src/errors.js";
import { iResNetDensity } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { openModel } from "../../src/runner/index.js";
import { rowsFor } from "./support.js";

const model = iResNetDensity({ shape: [2], blocks: [2], widths: [4] });
const [first, second] = [1, 2].map((seed) => model.scope.initialArrays(Random.fromSeed(seed)));
const x = rowsFor(model, 250); // three batches

/** An engine whose runs wait a turn, and that counts what is open. */
function slowEngine(): {
  readonly engine: Engine;
  readonly open: { stores: number; sessions: number };
} {
  const inner = referenceEngine();
  const open = { stores: 0, sessions: 0 };
  const counted = <T extends { close(): Promise<void> }>(value: T, what: keyof typeof open): T => {
    open[what]++;
    const close = value.close.bind(value);
    value.close = () => {
      open[what]--;
      return close();
    };
    return value;
  };
  const engine: Engine = {
    ...inner,
    load: async (graph) => {
      const session = await inner.load(graph);
      const run = session.run.bind(session);
      session.run = async (feeds, store) => {
        await new Promise((resolve) => setImmediate(resolve));
        return run(feeds, store);
      };
      return counted(session, "sessions");
    },
    createStore: async (arrays) => counted(await inner.createStore(arrays), "stores"),
  };
  return { engine, open };
}

describe("loading other numbers", () => {
  it("lets calls under way end with what they began with", async () => {
    const { engine, open } = slowEngine();
    const [before, after] = [
      await openModel(model, first!, { engine }),
      await openModel(model, second!, { engine }),
    ];
    const [expected, later] = [await before.score(x), await after.score(x)];
    const stores = open.stores;
    const calls = [
      before.score(x),
      before.forward(x),
      before.sample(150, { random: Random.fromSeed(1) }),
    ];
    const loaded = before.load(second!);
    const [scored] = await Promise.all([calls[0], loaded, calls[1], calls[2]]);
    assert.deepEqual(scored, expected);
    assert.notDeepEqual(expected.logProb, later.logProb);
    assert.deepEqual(await before.score(x), later);
    assert.deepEqual(before.norms, after.norms);
    assert.equal(open.stores, stores, "the numbers before are freed");
  });

  it("leaves everything as it is if the numbers are another model's", async () => {
    const { engine, open } = slowEngine();
    const runner = await openModel(model, first!, { engine });
    const expected = await runner.score(x);
    const stores = open.stores;
    const other = iResNetDensity({ shape: [2], blocks: [1], widths: [4] });
    await assert.rejects(
      runner.load(other.scope.initialArrays(Random.fromSeed(1))),
      /Runner: expected the arrays of this model/,
    );
    const name = Object.keys(first!).find((one) => one.endsWith("weight"))!;
    const broken = {
      ...first,
      [name]: { ...first![name]!, data: first![name]!.data.map(() => NaN) },
    };
    await assert.rejects(runner.load(broken), {
      name: "CheckpointError",
      message: new RegExp(name),
    });
    assert.deepEqual(await runner.score(x), expected);
    assert.equal(open.stores, stores);
  });
});

describe("closing a runner", () => {
  it("waits for the calls under way, frees all, and lets no more in", async () => {
    const { engine, open } = slowEngine();
    const runner = await openModel(model, first!, { engine });
    const under = runner.score(x);
    await runner.close();
    assert.ok((await under).logProb.data.every(Number.isFinite));
    assert.deepEqual(open, { stores: 0, sessions: 0 });
    await runner.close();
    await assert.rejects(runner.score(x), UsageError);
  });

  it("happens at the end of a block that uses it", async () => {
    const { engine, open } = slowEngine();
    {
      await using runner = await openModel(model, first!, { engine });
      await runner.forward(x);
      assert.ok(open.sessions > 0);
    }
    assert.deepEqual(open, { stores: 0, sessions: 0 });
  });
});

it("a runner keeps the graphs of the last few numbers of terms alone", async () => {
  const { engine, open } = slowEngine();
  const runner = await openModel(model, first!, { engine });
  const rows = rowsFor(model, 2);
  const counts: number[] = [];
  for (let terms = 1; terms <= 12; terms++) {
    await runner.score(rows, { terms });
    counts.push(open.sessions);
  }
  assert.equal(counts.at(-1), counts[3], counts.join(" "));
  const again = await Promise.all(
    Array.from({ length: 8 }, (_, i) => runner.score(rows, { terms: i + 1 })),
  );
  assert.ok(again.every(({ logProb }) => logProb.data.every(Number.isFinite)));
  await runner.close();
  assert.deepEqual(open, { stores: 0, sessions: 0 });
});
