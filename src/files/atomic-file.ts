import { expectKind } from "../border/kinds.js";
import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm, type FileHandle } from "node:fs/promises";
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
 * Makes a file that is, at any moment and after any crash, either the old one or the new one: a
 * temporary file in the same folder is written, synced and renamed. Missing folders are made.
 *
 * @param write writes the content; what it throws of its own is passed on
 * @throws {FileError} if the file cannot be written (disk full, no permission, ...); the old
 * file is then untouched and no temporary file is left.
 */
export async function replaceFile(
  path: string,
  write: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const folder = dirname(path);
  const temporary = temporaryName(path);
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(temporary, "wx");
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const isSystem = error instanceof Error && "code" in error && "syscall" in error;
    throw isSystem ? writeError(path, error) : error;
  }
  await syncFolder(folder);
}

/**
 * Writes a file by {@link replaceFile}.
 * @throws {FileError} if it cannot be written.
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  expectKind(path, "path", "writing a file");
  await replaceFile(path, (file) => file.writeFile(content));
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
