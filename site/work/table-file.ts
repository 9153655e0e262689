import {
  blobSource,
  joinTables,
  openTable,
  type OpenTableOptions,
  type Table,
  type TableReader,
} from "iresnet";

/** Most that the page takes; the command line has no such limit. */
export const most = { bytes: 200e6, rows: 200_000 } as const;

const beyond = "learn or score it with the command line, npx iresnet";

/**
 * Reads a file that the page was handed piece by piece, at no time all of its bytes.
 *
 * @param told the share of its bytes that has been read, again from the start if it is read twice
 * @param signal ends it early by an AbortError
 * @throws {Error} if it is larger than the page takes.
 * @throws {DataError} naming line and column of what isn't as it should be.
 */
export async function readFile(
  file: File,
  options: OpenTableOptions,
  { signal, told }: { readonly signal: AbortSignal; readonly told: (share: number) => void },
): Promise<Table> {
  expectSize(file);
  const source = blobSource(file.name, file);
  const counted = {
    ...source,
    stream: async function* () {
      let bytes = 0;
      for await (const piece of source.stream()) {
        bytes += piece.length;
        signal.throwIfAborted();
        told(bytes / file.size);
        yield piece;
      }
    },
  };
  return wholeTable(await openTable(counted, options));
}

/** @throws {Error} if the file is larger than the page takes. */
export function expectSize({ name, size }: File): void {
  if (size <= most.bytes) return;
  throw new Error(
    `${name}: expected a file of at most ${most.bytes / 1e6} MB, got ${Math.ceil(size / 1e6)} MB; ${beyond}`,
  );
}

async function wholeTable(reader: TableReader): Promise<Table> {
  const chunks: Table[] = [];
  let rows = 0;
  for await (const chunk of reader.chunks()) {
    chunks.push(chunk);
    rows += chunk.rows;
    if (rows > most.rows) {
      throw new Error(
        `${reader.name}: expected at most ${most.rows.toLocaleString("en-US")} rows, got more; ${beyond}`,
      );
    }
  }
  if (rows === 0) throw new Error(`${reader.name}: expected rows, got none; choose another file`);
  return joinTables(chunks);
}
