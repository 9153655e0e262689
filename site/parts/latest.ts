/**
 * Runs `work` for the newest of what is asked for: what comes while it runs waits, and of several only
 * the last is done.
 */
export function latest<T>(work: (value: T) => Promise<void>): (value: T) => void {
  let next: { readonly value: T } | undefined;
  let isRunning = false;
  const run = async (): Promise<void> => {
    while (next) {
      const { value } = next;
      next = undefined;
      await work(value);
    }
  };
  return (value) => {
    next = { value };
    if (isRunning) return;
    isRunning = true;
    void run().finally(() => {
      isRunning = false;
    });
  };
}
