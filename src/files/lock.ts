import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FileError } from "../errors.js";
import { parseJsonObject } from "../json.js";
import { isTemporary, temporaryName, writerOf } from "./atomic-file.js";
import { writeError } from "./file-errors.js";

/** Within the folder that it is for. */
export const LOCK_FILE = "lock.json";

/** Whose a lock is: a process that a later one with the same number isn't mistaken for. */
interface Owner {
  readonly pid: number;
  /** When it began, as Linux counts it; empty elsewhere. */
  readonly started: string;
  readonly host: string;
}

/** Milliseconds that a new lock may take to hold what it should. */
const writing = 5000;
/** Milliseconds to wait for an owner that may be about to end, and between two looks at it. */
const patience = { most: 3000, each: 100 } as const;

/**
 * Keeps other processes from writing to a folder for as long as the body takes. The folder is made
 * if it is missing, and removed again if it is empty then. What killed processes left is no
 * obstacle: neither their lock nor the temporary files of their writes, which are removed. Those of
 * processes that run stay: single files may be written to a folder without its lock.
 *
 * @throws {FileError} if another process holds the folder, or it can't be written to.
 */
export async function withLock<T>(folder: string, body: () => Promise<T>): Promise<T> {
  const path = join(folder, LOCK_FILE);
  const isNew = !existsSync(folder);
  const text = JSON.stringify(await self());
  try {
    await mkdir(folder, { recursive: true });
    await take(path, text);
  } catch (error) {
    throw error instanceof FileError ? error : writeError(path, error);
  }
  try {
    await removeTemporary(folder);
    return await body();
  } finally {
    if ((await read(path)) === text) await rm(path, { force: true }).catch(() => undefined);
    if (isNew) await rmdir(folder).catch(() => undefined); // refuses one that isn't empty
  }
}

async function take(path: string, text: string): Promise<void> {
  const deadline = performance.now() + patience.most;
  for (;;) {
    try {
      await writeFile(path, text, { flag: "wx" });
      return;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const found = await read(path);
    const owner = found === undefined ? undefined : ownerOf(found);
    const isHeld = owner ? await isAlive(owner) : await isFresh(path);
    if (found !== undefined && !isHeld) await removeStale(path, found);
    else if (performance.now() > deadline) throw inUse(path, owner);
    else await sleep(patience.each);
  }
}

/** Two processes may find the same stale lock: only the one that moves it away goes on. */
async function removeStale(path: string, found: string): Promise<void> {
  const aside = temporaryName(path);
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  const taken = await read(aside);
  // The other one was faster: this is its new lock.
  if (taken !== undefined && taken !== found) {
    await writeFile(path, taken, { flag: "wx" }).catch(() => undefined);
  }
  await rm(aside, { force: true });
}

function inUse(path: string, owner: Owner | undefined): FileError {
  const by = owner ? `process ${owner.pid} on ${owner.host}` : "another process";
  return new FileError(
    `${path}: expected a folder that no other process writes to, got one in use by ${by}; wait for it, or delete this file if it has ended`,
  );
}

async function self(): Promise<Owner> {
  return { pid: process.pid, started: await startOf(process.pid), host: hostname() };
}

function ownerOf(text: string): Owner | undefined {
  const { pid, started, host } = parseJsonObject(text) ?? {};
  const isOwner =
    typeof pid === "number" && typeof started === "string" && typeof host === "string";
  return isOwner ? { pid, started, host } : undefined;
}

/** Whether the owner still runs; of another machine nobody can tell. */
async function isAlive({ pid, started, host }: Owner): Promise<boolean> {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
  }
  const now = await startOf(pid);
  if (now === ended) return false;
  return now === "" || started === "" || now === started;
}

/** In place of the start of a process that has ended, but whose parent hasn't noticed. */
const ended = "ended";

/** Clock ticks from the machine's start to the process's, and which start that was. */
async function startOf(pid: number): Promise<string> {
  try {
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    const line = await readFile(`/proc/${pid}/stat`, "utf8");
    // The name, in brackets, may hold anything; the 22nd field is the 20th after it.
    const [state = "", ...fields] = line.slice(line.lastIndexOf(")") + 2).split(" ");
    return /[ZX]/.test(state) ? ended : `${fields[18]} ${boot.trim()}`;
  } catch {
    return "";
  }
}

async function isFresh(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs < writing;
}

function read(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

/** Removes what writes that were killed have left in a folder and those within. */
async function removeTemporary(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of names.filter(isTemporary)) {
    const path = join(folder, name);
    if (await isBeingWritten(path)) continue;
    await rm(path, { force: true }).catch(() => undefined);
  }
}

/** Whether the process that a temporary file is of still runs. */
async function isBeingWritten(path: string): Promise<boolean> {
  const pid = writerOf(path)!;
  if (pid !== process.pid) return isAlive({ pid, started: "", host: hostname() });
  // An earlier process may have had this one's number, as the first ones of containers do.
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && found.mtimeMs >= Date.now() - 1000 * process.uptime();
}
