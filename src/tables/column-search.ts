import type { Candidates } from "./candidates.js";

interface Tried {
  readonly value: number;
  readonly score: number;
}

/** The search for the value of a column that makes a row most usual. */
export class ColumnSearch {
  /** One over all candidates, the others closer and closer around the best. */
  static readonly rounds = 4;
  readonly row: number;
  readonly candidates: Candidates;
  /** Numbers in ascending order. */
  #tried: Tried[] = [];
  #best: Tried | undefined;

  constructor(row: number, candidates: Candidates) {
    this.row = row;
    this.candidates = candidates;
  }

  get best(): Tried | undefined {
    return this.#best;
  }

  /** Values to try next. */
  next(round: number): readonly number[] {
    const { values, isContinuous } = this.candidates;
    if (round === 0) return values;
    const at = this.#tried.findIndex((one) => one === this.#best);
    if (!isContinuous || at < 0 || this.#tried.length < 2) return [];
    const { value } = this.#tried[at]!;
    const [below, above] = [this.#tried[at - 1]?.value, this.#tried[at + 1]?.value];
    // Beyond the last value the search goes on as far as it came.
    const ends = [below ?? 2 * value - above!, above ?? 2 * value - below!];
    const inside = ends.flatMap((end) =>
      [1, 2].map((third) => value + (third * (end - value)) / 3),
    );
    const known = new Set(this.#tried.map((one) => one.value));
    return [...new Set(inside.map((one) => this.#rounded(one)))].filter((one) => !known.has(one));
  }

  take(value: number, score: number): void {
    const tried = { value, score };
    if (score < (this.#best?.score ?? Infinity)) this.#best = tried;
    if (Number.isNaN(value)) return;
    this.#tried = [...this.#tried, tried].sort((a, b) => a.value - b.value);
  }

  #rounded(value: number): number {
    const { step } = this.candidates;
    return step > 0 ? Math.round(value / step) * step : value;
  }
}
