import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { FileError } from "../../src/errors.js";
import { LOCK_FILE, withLock } from "../../src/files/lock.js";
import { temporaryFolder } from "../support/folder.js";

describe("a lock", () => {
  const root = temporaryFolder();

  const inUse = (error: unknown): boolean =>
    error instanceof FileError && /in use by .*; wait for it, or delete/.test(error.message);

  async function folderLockedBy(text: string): Promise<string> {
    const folder = await mkdtemp(join(root, "held-"));
    await writeFile(join(folder, LOCK_FILE), text);
    return folder;
  }

  it("keeps others out, and is gone afterwards", async () => {
    const folder = join(root, "new");
    const result = await withLock(folder, async () => {
      await assert.rejects(
        withLock(folder, () => Promise.resolve()),
        inUse,
      );
      await writeFile(join(folder, "kept"), "");
      return 3;
    });
    assert.equal(result, 3);
    assert.deepEqual(await readdir(folder), ["kept"]);
    await assert.rejects(
      withLock(folder, () => Promise.reject(new Error("fails"))),
      /fails/,
    );
    assert.deepEqual(await readdir(folder), ["kept"]);
  });

  it("leaves no folder that it made for nothing", async () => {
    const folder = join(root, "for-nothing");
    await withLock(folder, () => Promise.resolve());
    assert.equal(existsSync(folder), false);
  });

  it("of a process that was killed is no obstacle, nor what it was writing", async () => {
    const folder = join(root, "killed");
    await mkdir(join(folder, "pictures"), { recursive: true });
    const module = new URL("../../src/files/lock.js", import.meta.url).href;
    const script = `import { withLock } from ${JSON.stringify(module)};
      await withLock(${JSON.stringify(folder)}, () => new Promise((resolve) => {
        console.log("held");
        setTimeout(resolve, 60_000);
      }));`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
    await once(child.stdout, "data");
    await assert.rejects(
      withLock(folder, () => Promise.resolve()),
      inUse,
    );
    child.kill("SIGKILL");
    await once(child, "close");
    assert.ok(existsSync(join(folder, LOCK_FILE)));
    const half = `loss.svg.${child.pid!}-0123abcd.tmp`;
    await writeFile(join(folder, "pictures", half), "half");
    await writeFile(join(folder, "notes.tmp"), "not ours");
    await withLock(folder, async () => {
      assert.deepEqual((await readdir(folder)).sort(), [LOCK_FILE, "notes.tmp", "pictures"]);
      assert.deepEqual(await readdir(join(folder, "pictures")), []);
    });
  });

  it("leaves what processes are writing, and removes what ended ones have left", async () => {
    const folder = await mkdtemp(join(root, "written-"));
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const name = (file: string, writer: number): string => `${file}.${writer}-0123abcd.tmp`;
    const kept = [name("a.svg", process.pid), name("a.svg", process.ppid)];
    const left = [name("a.svg", pid), name("b.svg", process.pid)];
    for (const one of [...kept, ...left]) await writeFile(join(folder, one), "half");
    // Of an earlier process with this one's number.
    await utimes(join(folder, left[1]!), 0, 0);
    await withLock(folder, async () => {
      assert.deepEqual((await readdir(folder)).sort(), [LOCK_FILE, ...kept].sort());
    });
  });

  it("of a process that has ended is told from one with its number", async () => {
    const owner = { pid: process.pid, started: "1 another start", host: hostname() };
    const folder = await folderLockedBy(JSON.stringify(owner));
    const taken = withLock(folder, () => Promise.resolve(true));
    if (process.platform === "linux") assert.equal(await taken, true);
    else await assert.rejects(taken, inUse);
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const ended = await folderLockedBy(JSON.stringify({ ...owner, pid }));
    assert.equal(await withLock(ended, () => Promise.resolve(true)), true);
  });

  it("of another machine, or that is being written, holds", async () => {
    const elsewhere = JSON.stringify({ pid: 1, started: "", host: "elsewhere" });
    for (const text of [elsewhere, "", "{"]) {
      const folder = await folderLockedBy(text);
      await assert.rejects(
        withLock(folder, () => Promise.resolve()),
        inUse,
      );
      assert.equal(await readFile(join(folder, LOCK_FILE), "utf8"), text);
    }
  });

  it("that is stale goes to one of many", async () => {
    const owner = { pid: 2 ** 30, started: "", host: hostname() };
    const folder = await folderLockedBy(JSON.stringify(owner));
    let holders = 0;
    let most = 0;
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () =>
        withLock(folder, async () => {
          most = Math.max(most, ++holders);
          await new Promise((resolve) => setTimeout(resolve, 20));
          holders--;
        }),
      ),
    );
    assert.equal(most, 1);
    assert.ok(results.some(({ status }) => status === "fulfilled"));
  });
});
