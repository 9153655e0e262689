import { ShapeError } from "../errors.js";

/**
 * How a member of a team reaches the others: engines of one process, or processes of several
 * machines. All members make the same calls in the same order.
 */
export interface Transport {
  /** This member's number, 0 at first. */
  readonly rank: number;
  /** How many members there are. */
  readonly size: number;
  /**
   * The sum over all members, element by element; every member gets the same bits. The array is
   * the transport's afterwards, and the result isn't to be changed.
   *
   * @throws {ShapeError} if members give arrays of different lengths.
   */
  sum(data: Float32Array): Promise<Float32Array>;
  /**
   * A port that takes arrays and answers with their sums, for an engine's worker: this thread then
   * has nothing to pass on. Absent where members meet in this thread.
   */
  connect?(): Promise<MessagePort>;
}

/** The transport of who has nobody to meet. */
export const alone: Transport = { rank: 0, size: 1, sum: (data) => Promise.resolve(data) };

/** Transports of as many members in this process. Arrays are added in the order of their ranks. */
export function localTransports(size: number): readonly Transport[] {
  if (size === 1) return [alone];
  let meeting = new Meeting(size);
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    sum: (data) => {
      const current = meeting;
      if (current.add(rank, data)) meeting = new Meeting(size);
      return current.sum;
    },
  }));
}

/** One sum, until every member has come. */
class Meeting {
  readonly sum: Promise<Float32Array>;
  readonly #given: Float32Array[];
  #missing: number;
  #end!: (sum: Promise<Float32Array>) => void;

  constructor(size: number) {
    this.#given = new Array<Float32Array>(size);
    this.#missing = size;
    this.sum = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Whether all have come. */
  add(rank: number, data: Float32Array): boolean {
    this.#given[rank] = data;
    if (--this.#missing > 0) return false;
    this.#end(sumOf(this.#given));
    return true;
  }
}

async function sumOf([first, ...rest]: readonly Float32Array[]): Promise<Float32Array> {
  const sum = first!;
  for (const data of rest) {
    if (data.length !== sum.length) {
      throw new ShapeError(
        `Transport.sum: expected arrays of one length from all members, got ${sum.length} and ${data.length}`,
      );
    }
    for (let i = 0; i < sum.length; i++) sum[i]! += data[i]!;
  }
  return sum;
}

/** Rank 0's numbers, exactly, at every member. */
export async function broadcast(
  transport: Transport,
  numbers: Float64Array,
): Promise<Float64Array> {
  if (transport.size === 1) return numbers;
  // Float32 holds 16 bits exactly, and adding zeros leaves them as they are.
  const words = new Uint16Array(Float64Array.from(numbers).buffer);
  const given = transport.rank === 0 ? words : new Uint16Array(words.length);
  return new Float64Array(Uint16Array.from(await transport.sum(Float32Array.from(given))).buffer);
}
