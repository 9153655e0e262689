/** Older browsers have no such symbol. */
(Symbol as { asyncDispose?: symbol }).asyncDispose ??= Symbol.for("Symbol.asyncDispose");

/** Something that holds memory or a thread until it is closed; `await using` closes it too. */
export interface Closable {
  /** Frees what it holds, after the work under way; closing it again does nothing. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Both ways to close, as one function. */
export function closable(close: () => Promise<void>): Closable {
  let closed: Promise<void> | undefined;
  const once = (): Promise<void> => (closed ??= close());
  return { close: once, [Symbol.asyncDispose]: once };
}
