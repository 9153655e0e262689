/** Mean and standard error of numbers that come one after another, by Welford's recurrence. */
export class RunningMean {
  #count = 0;
  #mean = 0;
  #squares = 0;

  add(value: number): void {
    this.#count++;
    const difference = value - this.#mean;
    this.#mean += difference / this.#count;
    this.#squares += difference * (value - this.#mean);
  }

  get count(): number {
    return this.#count;
  }

  /** NaN of none. */
  get mean(): number {
    return this.#count === 0 ? NaN : this.#mean;
  }

  /** Of the mean; NaN of fewer than two. */
  get standardError(): number {
    if (this.#count < 2) return NaN;
    return Math.sqrt(this.#squares / (this.#count - 1) / this.#count);
  }
}
