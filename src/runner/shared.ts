/** Something that several calls use until the last of them ends, also after it was replaced. */
export class Shared<T> {
  readonly value: T;
  readonly #close: () => Promise<void>;
  #users = 0;
  #retired: Promise<void> | undefined;
  #free: (() => void) | undefined;

  constructor(value: T, close: () => Promise<void>) {
    this.value = value;
    this.#close = close;
  }

  /** What `f` gives; the value stays open until then. */
  async use<R>(f: (value: T) => Promise<R>): Promise<R> {
    this.#users++;
    try {
      return await f(this.value);
    } finally {
      this.#users--;
      if (this.#users === 0) this.#free?.();
    }
  }

  /** Closes the value once nobody uses it. */
  retire(): Promise<void> {
    this.#retired ??= new Promise<void>((resolve) => {
      this.#free = () => {
        resolve(this.#close());
      };
      if (this.#users === 0) this.#free();
    });
    return this.#retired;
  }
}

/** Things made when they are first asked for, of which the last few used are kept. */
export class Shelf<T> {
  readonly #most: number;
  readonly #close: (value: T) => Promise<void>;
  readonly #items = new Map<string, Shared<T>>();

  constructor(most: number, close: (value: T) => Promise<void>) {
    this.#most = most;
    this.#close = close;
  }

  /** Uses the thing of this key, after making it if it isn't there. */
  async use<R>(key: string, make: () => T, f: (value: T) => Promise<R>): Promise<R> {
    const known = this.#items.get(key);
    const value = known ? undefined : make();
    const item = known ?? new Shared(value!, () => this.#close(value!));
    this.#items.delete(key);
    this.#items.set(key, item);
    const [oldest] = this.#items;
    const retired = this.#items.size > this.#most && oldest ? oldest[1] : undefined;
    if (retired) this.#items.delete(oldest![0]);
    try {
      return await item.use(f);
    } finally {
      await retired?.retire();
    }
  }

  async close(): Promise<void> {
    const items = [...this.#items.values()];
    this.#items.clear();
    for (const item of items) await item.retire();
  }
}
