import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { nodeCalls } from "../../src/engine/node-calls.js";
import type { WorkerCalls } from "../../src/engine/worker-calls.js";
import { IresnetError, UsageError } from "../../src/errors.js";

const broken = (): WorkerCalls => nodeCalls(new URL("./broken-worker.js", import.meta.url));

const start = { device: "cpu", threads: 1 } as const;

const failsWith = (message: RegExp) => (error: unknown) =>
  error instanceof IresnetError && message.test(error.message);

describe("calls of a worker", () => {
  it("fail when the worker fails, those to come as well", async () => {
    const calls = broken();
    assert.equal(await calls.call("start", start), "broken");
    const pending = [1, 2].map((session) => calls.call("run", { session, feeds: {} }));
    for (const call of pending)
      await assert.rejects(call, failsWith(/worker failed: out of order/));
    await assert.rejects(calls.call("start", start), failsWith(/out of order/));
  });

  it("fail when the worker leaves", async () => {
    const calls = broken();
    await assert.rejects(calls.call("closeSession", { session: 1 }), failsWith(/worker ended/));
  });

  it("fail to start from a script that isn't there", async () => {
    const calls = nodeCalls(new URL("./no-worker.js", import.meta.url));
    await assert.rejects(calls.call("start", start), failsWith(/Cannot find module/));
  });

  it("leave nothing behind that can't be sent", async () => {
    const url = new URL("../../src/engine/node-calls.js", import.meta.url);
    const script = `
      const { nodeCalls } = await import(${JSON.stringify(url)});
      const calls = nodeCalls(new URL("./node-worker.js", ${JSON.stringify(url)}));
      await calls.call("start", { device: "cpu", threads: () => 1 }).catch((error) => console.log(error.name));
      await calls.call("start", { device: "cpu", threads: 1 });
      console.log("done");`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module", "--eval", script],
      { timeout: 10_000 },
    );
    assert.equal(stdout, "DataCloneError\ndone\n");
  });

  it("are refused once closed", async () => {
    const calls = broken();
    await assert.rejects(calls.close(), failsWith(/worker ended/));
    await assert.rejects(calls.call("start", start), UsageError);
    await calls.close();
  });
});
