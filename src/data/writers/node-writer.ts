import { expectKind } from "../../border/kinds.js";
import { replaceFile } from "../../files/atomic-file.js";

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
  await replaceFile(path, async (file) => {
    for await (const piece of /\.gz$/i.test(path) ? gzipped(pieces) : pieces) {
      expectKind(piece, "piece", "writeFileInPieces");
      await file.writeFile(piece);
    }
  });
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
