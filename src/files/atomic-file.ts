import { expectKind } from "../border/kinds.js";
import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { writeError } from "./file-errors.js";

/** Where a file is written before it takes its place. */
export function temporaryName(path: string): string {
  return `${path}.${process.pid}-${randomUUID().slice(0, 8)}.tmp`;
}

/** The process that writes to a name of {@link temporaryName}; undefined for other names. */
export function writerOf(name: string): number | undefined {
  const pid = /\.(\d+)-[0-9a-f]{8}\.tmp$/.exec(name)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

/** Whether {@link temporaryName} made this name. */
export function isTemporary(name: string): boolean {
  return writerOf(name) !== undefined;
}

/**
 * Writes a file that is, at any moment and after any crash, either the old one or the new one:
 * a temporary file in the same folder is written, synced and renamed. Missing folders are made.
 *
 * @throws {FileError} if the file cannot be written (disk full, no permission, ...); the old
 * file is then untouched and no temporary file is left.
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  expectKind(path, "path", "writing a file");
  const folder = dirname(path);
  const temporary = temporaryName(path);
  try {
    await mkdir(folder, { recursive: true });
    await writeSynced(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeError(path, error);
  }
  await syncFolder(folder);
}

async function writeSynced(path: string, content: Uint8Array | string): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a rename durable where the system can sync a folder (Windows cannot). */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path);
    await folder.sync().finally(() => folder.close());
  } catch {
    // The new file is in place all the same.
  }
}
