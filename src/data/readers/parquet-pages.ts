import type { ColumnMetaData, Compressors } from "hyparquet";

/** A column chunk of a row group, as the file holds it. */
export interface ColumnChunk {
  /** From its first page on. */
  readonly bytes: Uint8Array;
  readonly codec: ColumnMetaData["codec"];
  /** Rows of the group: a flat column has as many values, missing ones counted. */
  readonly rows: number;
  /** Whether values may be missing: pages then begin with a level of one bit for each. */
  readonly isOptional: boolean;
  readonly isBoolean: boolean;
}

/** Encodings of values by runs: one byte with the width of a place in the dictionary comes first. */
const dictionaryEncodings = [2, 8];
const runLengthEncoding = 3;
const pageTypes = { data: 0, dictionary: 2, data2: 3 } as const;

/**
 * Checks what the library takes on trust: that pages lie within their chunk and hold as many values as
 * there are rows, and that no run of equal values is longer than what is left of its page. A damaged
 * length would otherwise fill all memory.
 *
 * @throws {Error} naming what is wrong.
 * @see https://parquet.apache.org/docs/file-format/data-pages/
 */
export function expectPages(chunk: ColumnChunk, compressors: Compressors): void {
  const { bytes, rows } = chunk;
  const reader = new Reader(bytes);
  let left = rows;
  while (left > 0) {
    const header = reader.struct();
    const [type, size, packed] = [1, 2, 3].map((field) => count(header, field, "page header"));
    const page = reader.take(packed!);
    const at = type === pageTypes.data ? 5 : type === pageTypes.data2 ? 8 : 7;
    const fields = header.get(at);
    if (!(fields instanceof Map)) throw new Error(`a page of type ${type} without its header`);
    const values = count(fields, 1, "number of values");
    if (type === pageTypes.dictionary) {
      if (values > size!) throw new Error(`a dictionary of ${values} values in ${size} bytes`);
      continue;
    }
    if (values === 0 || values > left) {
      throw new Error(`a page of ${values} values where ${left} of ${rows} rows are left`);
    }
    left -= values;
    const unpacked = (part: Uint8Array, length: number): Uint8Array =>
      chunk.codec === "UNCOMPRESSED" || length === 0
        ? part
        : compressors[chunk.codec]!(part, length);
    if (type === pageTypes.data) {
      const content = new Reader(unpacked(page, size!));
      const present = chunk.isOptional ? content.prefixedRuns(1, values) : values;
      expectValues(content, chunk, present, count(fields, 2, "encoding"));
    } else {
      const present = values - count(fields, 2, "number of missing values");
      const levels = count(fields, 5, "levels' length") + count(fields, 6, "levels' length");
      if (present < 0 || levels > page.length) throw new Error("levels longer than their page");
      if (chunk.isOptional) new Reader(page).runs(1, values);
      const rest = page.subarray(levels);
      const isPacked = fields.get(7) !== 0;
      const content = new Reader(isPacked ? unpacked(rest, size! - levels) : rest);
      expectValues(content, { ...chunk, isBoolean: false }, present, count(fields, 4, "encoding"));
    }
  }
}

function expectValues(
  content: Reader,
  { isBoolean }: Pick<ColumnChunk, "isBoolean">,
  values: number,
  encoding: number,
): void {
  if (values === 0) return;
  if (dictionaryEncodings.includes(encoding)) {
    const width = content.byte();
    if (width > 32) throw new Error(`places in a dictionary of ${width} bits`);
    if (width > 0) content.runs(width, values);
  } else if (encoding === runLengthEncoding) {
    if (isBoolean) content.prefixedRuns(1, values);
    else content.runs(1, values);
  }
}

function count(fields: Fields, field: number, what: string): number {
  const value = fields.get(field);
  if (typeof value === "number" && value >= 0) return value;
  throw new Error(`a ${what} of ${typeof value === "number" ? value : "nothing"}`);
}

/** Numbers and structures of a Thrift struct, by field; all else is passed over. */
type Fields = ReadonlyMap<number, number | Fields>;

/** Reads the compact protocol of Thrift, and runs. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new Error(`no byte ${this.#at} of ${this.#bytes.length}`);
    return value;
  }

  take(length: number): Uint8Array {
    const start = this.#at;
    this.#at += length;
    if (this.#at <= this.#bytes.length) return this.#bytes.subarray(start, this.#at);
    throw new Error(`${length} bytes from ${start} of ${this.#bytes.length}`);
  }

  /** An unsigned number of seven bits a byte, the lowest first. */
  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      if (scale > 2 ** 56) throw new Error("a number of more than 9 bytes");
    }
  }

  struct(depth = 0): Fields {
    if (depth > 8) throw new Error("a header of more than 8 levels");
    const fields = new Map<number, number | Fields>();
    for (let field = 0, head = this.byte(); (head & 15) !== 0; head = this.byte()) {
      field = head >> 4 ? field + (head >> 4) : this.#signed();
      const value = this.#value(head & 15, depth);
      if (value !== undefined) fields.set(field, value);
    }
    return fields;
  }

  #signed(): number {
    const value = this.number();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #value(type: number, depth: number): number | Fields | undefined {
    switch (type) {
      case 1:
      case 2:
        return 2 - type;
      case 3:
        return this.byte();
      case 4:
      case 5:
      case 6:
        return this.#signed();
      case 7:
        this.take(8);
        return undefined;
      case 8:
        this.take(this.number());
        return undefined;
      case 12:
        return this.struct(depth + 1);
      default:
        throw new Error(`a page header with a field of type ${type}`);
    }
  }

  /**
   * Runs after their length in four bytes.
   * @returns as {@link runs}.
   */
  prefixedRuns(width: number, values: number): number {
    const length = new DataView(this.take(4).slice().buffer).getUint32(0, true);
    return new Reader(this.take(length)).runs(width, values);
  }

  /**
   * Runs of equal values, and groups of eight packed ones, until there are enough.
   * @returns the sum of values of one bit: how many are present.
   */
  runs(width: number, values: number): number {
    let [seen, ones] = [0, 0];
    while (seen < values) {
      const header = this.number();
      const length = Math.floor(header / 2);
      if (header % 2 === 0) {
        if (length > values - seen) {
          throw new Error(`a run of ${length} values where ${values - seen} are left`);
        }
        const bytes = this.take((width + 7) >> 3);
        if (width === 1 && bytes[0]! % 2 === 1) ones += length;
        seen += length;
      } else {
        // The last group may end before its eighth value.
        const bytes = this.take(Math.min(length * width, Math.ceil(((values - seen) * width) / 8)));
        for (let i = 0; width === 1 && i < Math.min(8 * bytes.length, values - seen); i++) {
          ones += (bytes[i >> 3]! >> (i & 7)) & 1;
        }
        this.#at += Math.max(0, length * width - bytes.length);
        seen += 8 * length;
      }
    }
    return ones;
  }
}
