import { UsageError } from "./errors.js";

/** A distribution of noise: ±1 with equal odds, the standard normal, or uniform on [0, 1). */
export type NoiseKind = "rademacher" | "normal" | "uniform";

/**
 * A key of random numbers: counter-based, immutable, splittable.
 *
 * Every draw is a pure function of the key, so drawing twice gives the same numbers, and all
 * kinds of draws share the same bits: {@link Random.split} once for each draw that should be
 * independent. What a run needs to replay its noise is its seed and the labels, such as step
 * numbers. A longer draw starts with the shorter one (except a permutation), and `first` leaves out
 * so many at its start: whoever needs a part of a draw needn't make the rest.
 *
 * Words come from Threefry-2x32 with 20 rounds.
 *
 * @see Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3, section 4.2,
 * https://doi.org/10.1145/2063384.2063405
 */
export class Random {
  readonly #key: Key;

  private constructor(key: Key) {
    this.#key = key;
  }

  /** @throws {UsageError} if the seed isn't a whole number from 0 to 2⁵³ − 1. */
  static fromSeed(seed: number): Random {
    checkWhole("Random.fromSeed: a seed", seed, Number.MAX_SAFE_INTEGER);
    return new Random([seed >>> 0, Math.floor(seed / 2 ** 32)]);
  }

  /**
   * An independent child: the same key and label give the same child. The number 1 and the text
   * "1" are one label.
   */
  split(label: string | number): Random {
    const text = String(label);
    // Draws use 0 as the counter's second word. The length comes first, so that
    // split("a").split("b") isn't split("ab").
    let key = hash(this.#key, text.length, 1);
    for (let i = 0; i < text.length; i++) key = hash(key, text.charCodeAt(i), 2);
    return new Random(key);
  }

  /** n numbers in [0, 1), multiples of 2⁻²⁴. */
  uniform(n: number, first = 0): Float32Array {
    const words = this.#words(checkDraws("uniform", n, first), first);
    const out = new Float32Array(n);
    for (let i = 0; i < n; i++) out[i] = (words[i]! >>> 8) * 2 ** -24;
    return out;
  }

  /** n numbers of N(0, 1), by Box and Muller; |x| < 6.8. */
  normal(n: number, first = 0): Float32Array {
    const odd = first % 2;
    const words = this.#words(checkDraws("normal", n, first) + odd, first - odd);
    const out = new Float32Array(n);
    for (let i = -odd; i < n; i += 2) {
      const radius = Math.sqrt(-2 * Math.log((words[i + odd]! + 0.5) * 2 ** -32));
      const angle = words[i + odd + 1]! * (2 * Math.PI * 2 ** -32);
      out[i] = radius * Math.cos(angle); // ignored before an odd first
      out[i + 1] = radius * Math.sin(angle); // and beyond the n-th
    }
    return out;
  }

  /** n numbers of {−1, 1}, each from one bit. */
  rademacher(n: number, first = 0): Float32Array {
    const skipped = first % 32;
    const bits = skipped + checkDraws("rademacher", n, first);
    const words = this.#words(Math.ceil(bits / 32), (first - skipped) / 32);
    const out = new Float32Array(n);
    for (let i = 0; i < n; i++) {
      const bit = i + skipped;
      out[i] = 1 - ((words[bit >> 5]! >> (bit & 31)) & 1) * 2;
    }
    return out;
  }

  /**
   * n whole numbers of [0, below); probabilities are off by less than 2⁻³².
   * @throws {UsageError} if `below` isn't a whole number from 1 to 2³².
   */
  integers(n: number, below: number, first = 0): Uint32Array {
    checkWhole("Random.integers: below − 1", below - 1, 2 ** 32 - 1);
    const words = this.#words(checkDraws("integers", n, first), first);
    return new Uint32Array(n).map((_, i) => scale(words[i]!, below));
  }

  /** 0 ... n − 1 in random order, by Fisher and Yates. */
  permutation(n: number): Uint32Array {
    const words = this.#words(checkDraws("permutation", n));
    const order = new Uint32Array(n).map((_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = scale(words[i]!, i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  }

  /** `count` words from the first-th on, and perhaps one more. */
  #words(count: number, first = 0): Uint32Array {
    const odd = first % 2;
    const words = new Uint32Array(2 * Math.ceil((odd + count) / 2));
    const start = (first - odd) / 2;
    for (let i = 0; i < words.length; i += 2) threefry2x32(this.#key, start + i / 2, 0, words, i);
    return words.subarray(odd);
  }
}

type Key = readonly [number, number];

/** Writes the two words that `key` makes of the counter (c0, c1) to `out`, from index `at`. */
export function threefry2x32(key: Key, c0: number, c1: number, out: Uint32Array, at: number): void {
  // Each group of 4 rounds ends with the next two of the three key words.
  let [k0, k1] = key;
  let k2 = k0 ^ k1 ^ 0x1bd11bda;
  let a = (c0 + k0) | 0;
  let b = (c1 + k1) | 0;
  for (let group = 1; group <= 5; group++) {
    const odd = group % 2 === 1;
    a = (a + b) | 0;
    b = rotate(b, odd ? 13 : 17) ^ a;
    a = (a + b) | 0;
    b = rotate(b, odd ? 15 : 29) ^ a;
    a = (a + b) | 0;
    b = rotate(b, odd ? 26 : 16) ^ a;
    a = (a + b) | 0;
    b = rotate(b, odd ? 6 : 24) ^ a;
    const next = k2;
    k2 = k0;
    k0 = k1;
    k1 = next;
    a = (a + k0) | 0;
    b = (b + k1 + group) | 0;
  }
  out[at] = a;
  out[at + 1] = b;
}

function rotate(word: number, left: number): number {
  return (word << left) | (word >>> (32 - left));
}

function hash(key: Key, c0: number, c1: number): Key {
  const out = new Uint32Array(2);
  threefry2x32(key, c0, c1, out, 0);
  return [out[0]!, out[1]!];
}

/** A random word as a whole number of [0, below). */
function scale(word: number, below: number): number {
  return Math.floor((word * below) / 2 ** 32);
}

function checkDraws(kind: string, n: number, first = 0): number {
  checkWhole(`Random.${kind}: the first draw`, first, 2 ** 32 - 1);
  return checkWhole(`Random.${kind}: the number of draws`, n, 2 ** 32 - 1);
}

function checkWhole(what: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new UsageError(`${what}: expected a whole number from 0 to ${most}, got ${value}`);
}
