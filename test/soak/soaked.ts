/** What a part saw, and what of that shouldn't be. */
export interface Soaked {
  readonly figures: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
}
