import { expectKind } from "../../border/kinds.js";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { temporaryName } from "../../files/atomic-file.js";
import { writeError } from "../../files/file-errors.js";

/**
 * Writes a file piece by piece: a temporary file in the same folder, renamed once it is whole.
 * Missing folders are made; a name that ends in `.gz` is gzipped.
 *
 * @throws {FileError} if the file cannot be written; an old one is then untouched. What the pieces
 * throw is passed on.
 */
export async function writeFileInPieces(
  path: string,
  pieces: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>,
): Promise<void> {
  expectKind(path, "path", "writeFileInPieces");
  expectKind(pieces, "pieces", "writeFileInPieces");
  const temporary = temporaryName(path);
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, "wx");
    try {
      for await (const piece of /\.gz$/i.test(path) ? gzipped(pieces) : pieces) {
        expectKind(piece, "piece", "writeFileInPieces");
        await file.writeFile(piece);
      }
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
}

async function* gzipped(
  pieces: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  const { readable, writable } = new CompressionStream("gzip");
  const writer = writable.getWriter();
  const written = (async () => {
    try {
      for await (const piece of pieces) {
        await writer.write(typeof piece === "string" ? encoder.encode(piece) : piece.slice());
      }
      await writer.close();
    } catch (error) {
      await writer.abort(error).catch(() => undefined);
      throw error;
    }
  })();
  written.catch(() => undefined);
  for await (const part of readable) yield part;
  await written;
}
