import { CheckpointError } from "../errors.js";

const longestLine = 4096;
const latin1 = new TextDecoder("latin1");
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The bytes of a pickle, read from front to back and never past their end. */
export class PickleBytes {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #where: string;
  #at: number;

  /** @param where names the file in errors. */
  constructor(bytes: Uint8Array, where: string, start = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#where = where;
    this.#at = start;
  }

  /** Of the next byte. */
  get position(): number {
    return this.#at;
  }

  take(count: number | bigint): Uint8Array {
    const start = this.#advance(count);
    return this.#bytes.subarray(start, this.#at);
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }

  /** Big-endian, as pickle has it. */
  float64(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /** Two's complement, little-endian: a number if it is a safe one. */
  integer(count: number): number | bigint {
    if (count < 0 || count > 64) {
      throw this.error("an integer of at most 64 bytes", `one of ${count} bytes`);
    }
    const bytes = this.take(count);
    let value = 0n;
    for (let i = count - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    return safe(BigInt.asIntN(8 * count, value));
  }

  /** Characters up to a line's end, which is passed. */
  line(): string {
    const end = this.#bytes.subarray(this.#at, this.#at + longestLine).indexOf(0x0a);
    if (end < 0) throw this.error(`a line of at most ${longestLine} characters`, "none");
    const text = latin1.decode(this.take(end));
    this.#at++;
    return text;
  }

  latin1(count: number | bigint): string {
    return latin1.decode(this.take(count));
  }

  text(count: number | bigint): string {
    const bytes = this.take(count);
    try {
      return utf8.decode(bytes);
    } catch {
      throw this.error("text in UTF-8", "other bytes");
    }
  }

  error(expected: string, got: string): CheckpointError {
    return new CheckpointError(
      `${this.#where}: expected ${expected}, got ${got} at byte ${this.#at} of a pickle; the file is damaged or wasn't written by PyTorch`,
    );
  }

  #advance(count: number | bigint): number {
    const left = this.#bytes.length - this.#at;
    if (count < 0 || count > left) throw this.error(`${count} more bytes`, `${left}`);
    const start = this.#at;
    this.#at += Number(count);
    return start;
  }
}

/** As a number if that keeps it exact. */
function safe(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
