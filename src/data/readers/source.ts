import { expectKind } from "../../border/kinds.js";
import { DataError } from "../../errors.js";

/** Bytes with a name: a file on a disk, one that a page was handed, standard input. */
export interface ByteSource {
  /** What errors call it; its ending tells the format. */
  readonly name: string;
  /** Bytes in all; absent where only the end tells, as of standard input. */
  readonly size?: number;
  /** All bytes in order. */
  readonly stream: () => AsyncIterable<Uint8Array>;
  /** Bytes start ... end − 1, where the source can be read anywhere. */
  readonly slice?: (start: number, end: number) => Promise<Uint8Array>;
}

/** Most bytes that formats which can't be streamed may take: 2 GiB. */
export const defaultMaxBytes = 2 ** 31;

/**
 * Bytes in memory.
 *
 * @param name of the file, for messages, and by whose ending its format is told
 * @param bytes of the file; they are kept, not copied
 */
export function bytesSource(name: string, bytes: Uint8Array): Required<ByteSource> {
  expectKind(bytes, "bytes", "bytesSource");
  const step = 1 << 20;
  return {
    name,
    size: bytes.length,
    async *stream() {
      for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
    },
    slice: (start, end) => Promise.resolve(bytes.subarray(start, end)),
  };
}

/**
 * A file that a page was handed, by an `<input>` or dropped on it; read in pieces.
 *
 * @param name of the file, for messages, and by whose ending its format is told
 * @param blob such as a `File`
 */
export function blobSource(name: string, blob: Blob): ByteSource {
  expectKind(blob, "object", "blobSource");
  return {
    name,
    size: blob.size,
    stream: () => chunksOf(blob.stream()),
    slice: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
  };
}

/** The chunks of a stream; leaving the loop cancels it. Not all browsers iterate over streams. */
export async function* chunksOf<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  const reader = stream.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        ended = true;
        return;
      }
      yield value;
    }
  } catch (error) {
    ended = true;
    throw error;
  } finally {
    if (!ended) await reader.cancel().catch(() => undefined);
  }
}

/**
 * All bytes of a source as one array.
 * @throws {DataError} if there are more than `maxBytes`.
 */
export async function readBytes(source: ByteSource, maxBytes: number): Promise<Uint8Array> {
  expectKind(source, "source", "opening a file");
  if (isPlaced(source)) {
    if (source.size > maxBytes) throw tooLarge(source.name, maxBytes);
    return source.slice(0, source.size);
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of source.stream()) {
    size += part.length;
    if (size > maxBytes) throw tooLarge(source.name, maxBytes);
    parts.push(part);
  }
  return joinBytes(parts);
}

/**
 * The source itself if it can be read anywhere, else all its bytes.
 * @throws {DataError} if these are more than `maxBytes`.
 */
export async function anywhere(
  source: ByteSource,
  maxBytes: number,
): Promise<Required<ByteSource>> {
  return isPlaced(source) ? source : bytesSource(source.name, await readBytes(source, maxBytes));
}

/** Whether a source can be read anywhere. */
export function isPlaced(source: ByteSource): source is Required<ByteSource> {
  return source.size !== undefined && source.slice !== undefined;
}

export function tooLarge(name: string, maxBytes: number): DataError {
  return new DataError(
    `${name}: expected at most ${maxBytes} bytes, got more; split the file, or raise maxBytes`,
    { name },
  );
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
