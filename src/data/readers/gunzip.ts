import { expectKind } from "../../border/kinds.js";
import { DataError, IresnetError } from "../../errors.js";
import { lookAhead } from "./look-ahead.js";
import { chunksOf, isPlaced, joinBytes, type ByteSource } from "./source.js";

/**
 * The source itself, or, if it begins as gzip does, what it holds unzipped, piece by piece: a small
 * file that unzips to a huge one never lies in memory as a whole. The name loses its `.gz`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc1952
 */
export async function unzipped(source: ByteSource): Promise<ByteSource> {
  const { source: whole, head } = await peek(source, 2);
  if (head[0] !== 0x1f || head[1] !== 0x8b) return whole;
  return {
    name: source.name.replace(/\.(gz|gzip)$/i, ""),
    stream: () => inflated(source.name, whole),
  };
}

/** The first bytes of a source, and a source that still has them. */
export interface Peeked {
  readonly source: ByteSource;
  readonly head: Uint8Array;
  /** Ends the source, if it isn't read on. */
  readonly close: () => Promise<void>;
}

export async function peek(source: ByteSource, count: number): Promise<Peeked> {
  expectKind(source, "source", "opening a file");
  if (isPlaced(source)) {
    const head = await source.slice(0, Math.min(count, source.size));
    return { source, head, close: () => Promise.resolve() };
  }
  const { items, all, close } = await lookAhead(
    source.stream(),
    (parts) => parts.reduce((size, { length }) => size + length, 0) >= count,
  );
  const read = joinBytes(items);
  return { source: { ...source, stream: all }, head: read.slice(0, count), close };
}

async function* inflated(name: string, source: ByteSource): AsyncGenerator<Uint8Array> {
  const input = source.stream()[Symbol.asyncIterator]();
  const compressed = new ReadableStream<BufferSource>({
    async pull(controller) {
      const next = await input.next();
      if (next.done === true) controller.close();
      // A copy: the bytes may lie in memory that is shared with workers, which streams refuse.
      else controller.enqueue(Uint8Array.from(next.value));
    },
    async cancel() {
      await input.return?.();
    },
  });
  try {
    yield* chunksOf(compressed.pipeThrough(new DecompressionStream("gzip")));
  } catch (error) {
    if (error instanceof IresnetError) throw error;
    throw new DataError(
      `${name}: expected a whole gzip file, got a truncated or damaged one (${messageOf(error)}); get the file again`,
      { name, cause: error },
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
