import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { saveCheckpoint } from "../../src/checkpoint/checkpoint-file.js";
import { tableData } from "../../src/tables/index.js";
import { identityCheckpoint } from "../tables/identity-run.js";
import { csvOf, measurements, tableOf } from "../tables/measurements.js";

const script = fileURLToPath(new URL("../../../examples/score-server/server.mjs", import.meta.url));

interface Scored {
  readonly log_p: number | null;
  readonly p_value: number | null;
  readonly problems: readonly { readonly column: string; readonly got: string }[];
}

describe("examples/score-server", () => {
  const folder = mkdtempSync(join(tmpdir(), "iresnet-server-"));
  const checkpoint = join(folder, "checkpoint.safetensors");
  let server: ReturnType<typeof spawn>;
  let url = "";
  let errors = "";

  before(async () => {
    const data = tableData(await tableOf(csvOf(measurements(200, 1))));
    await saveCheckpoint(checkpoint, identityCheckpoint(data));
    server = spawn(process.execPath, [script, checkpoint, "0"]);
    server.stderr!.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    const [text] = (await once(server.stdout!, "data")) as [Buffer];
    url = `http://localhost:${/port (\d+)/.exec(text.toString())![1]!}`;
  });

  after(async () => {
    if (server.exitCode === null) {
      server.kill();
      await once(server, "exit");
    }
    assert.equal(errors, "");
    await rm(folder, { recursive: true });
  });

  const post = async (body: string): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(url, { method: "POST", body });
    return { status: response.status, body: await response.json() };
  };
  const row = {
    length: 1200,
    mass: 0.002,
    count: 55,
    temperature: 20,
    site: "north",
    when: 1_710_000_000_000,
    day: "2024-03-01",
    ok: true,
    gain: 7,
  };

  it("scores a row, and several, each as if it were alone", async () => {
    const one = await post(JSON.stringify(row));
    assert.equal(one.status, 200);
    const [scored] = one.body as Scored[];
    assert.ok(scored!.p_value! > 0.05 && Number.isFinite(scored!.log_p));
    const several = await post(JSON.stringify([row, { ...row, length: 1900 }]));
    const [same, odd] = several.body as Scored[];
    assert.ok(Math.abs(same!.log_p! - scored!.log_p!) < 1e-4);
    assert.equal(odd!.p_value, 0.01);
  });

  it("says what is wrong with rows and requests, and goes on", async () => {
    const { body } = await post(JSON.stringify([row, { ...row, site: "west" }]));
    const [good, bad] = body as Scored[];
    assert.deepEqual(good!.problems, []);
    assert.equal(bad!.p_value, null);
    assert.deepEqual(
      bad!.problems.map(({ column, got }) => [column, got]),
      [["site", '"west"']],
    );
    const { mass, ...lacking } = row;
    assert.ok(mass);
    for (const [text, message] of [
      ["{", /JSON/],
      ["[]", /expected an array of rows.*got none/],
      ["7", /got 7 for row 0/],
      [JSON.stringify(lacking), /expected a column "mass"/],
    ] as const) {
      const answer = await post(text);
      assert.equal(answer.status, 400, text);
      assert.match((answer.body as { error: string }).error, message);
    }
    assert.equal((await post(" ".repeat(1_000_001))).status, 413);
    assert.equal((await fetch(url)).status, 405);
    assert.equal((await post(JSON.stringify(row))).status, 200);
  });
});
