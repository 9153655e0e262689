import type { Bench } from "./bench.js";

/** The playground's work: so far it says what computes. */
export function open(bench: Bench): { describe(): Promise<string> } {
  return { describe: async () => (await bench.engine()).description };
}
