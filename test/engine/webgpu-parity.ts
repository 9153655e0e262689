import assert from "node:assert/strict";
import { nodeEngine } from "../../src/engine/node.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { log, input, mul } from "../../src/graph/index.js";
import { ndarray } from "../../src/tree.js";
import { largestDifference, trainSmall, useSmall } from "../support/small-flows.js";

// Three steps from where the CPU left a flow, and then its use, on WebGPU and on the others.
const webgpu = await nodeEngine({ device: "webgpu" });
const cpu = await nodeEngine({ threads: 1 });
const others = { cpu, reference: referenceEngine() };

const expectClose = (
  what: string,
  { name, difference }: ReturnType<typeof largestDifference>,
): void => {
  assert.ok(difference <= 1e-4, `${what}: ${name} is off by ${difference}`);
};

for (const name of ["plane", "image"] as const) {
  const { checkpoint } = await trainSmall(cpu, name, { until: 2 });
  const part = { resume: checkpoint, until: 5 };
  const trained = await trainSmall(webgpu, name, part);
  const used = name === "image" ? await useSmall(webgpu, name, checkpoint.arrays) : {};
  for (const [device, engine] of Object.entries(others)) {
    if (device === "reference" && name === "image") continue; // float64 convolutions take long
    const expected = await trainSmall(engine, name, part);
    assert.equal(expected.losses.length, 3);
    expected.losses.forEach((loss, i) => {
      assert.ok(Math.abs(loss - trained.losses[i]!) <= 1e-5 * (1 + Math.abs(loss)), device);
    });
    expectClose(`${name} on ${device}`, largestDifference(expected.parameters, trained.parameters));
    if (name === "image") {
      const results = await useSmall(engine, name, checkpoint.arrays);
      expectClose(`${name} on ${device}`, largestDifference(results, used));
    }
  }
  console.log(`${name}: ${trained.stepsPerSecond.toFixed(1)} steps/s by software`);
}

// A shader's logarithm needn't be NaN outside its domain; a guard must see it all the same.
const [w, x] = [input("w", [2]), input("x", [2])];
const graph = { outputs: { loss: log(x) }, updates: { w: mul(w, 2) }, guard: ["loss"] };
const session = await webgpu.load(graph);
const store = await webgpu.createStore({ w: ndarray([1, 2], [2]) });
for (const bad of [-1, 0, NaN]) await session.run({ x: ndarray([1, bad], [2]) }, store);
await session.run({ x: ndarray([1, 3], [2]) }, store);
// Arrays on the GPU outlive the session that made them.
await session.close();
assert.deepEqual([...(await store.read()).w!.data], [2, 4]);

await webgpu.close();
await cpu.close();
console.log("agreed");
