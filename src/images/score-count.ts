import type { PictureScores } from "./score-pictures.js";

/** A summary of many scored pictures. */
export interface PictureSummary {
  readonly pictures: number;
  /** Those that can't be read. */
  readonly unread: number;
  /** For each rate of false alarms, how many have a p-value of at most that; `[]` without p-values. */
  readonly flagged: readonly { readonly rate: number; readonly pictures: number }[];
  /** How many were taken for each class; `[]` without a classifier. */
  readonly classes: readonly { readonly name: string; readonly pictures: number }[];
}

/** Rates of false alarms whose flagged pictures are counted. */
const rates = [0.01, 0.05];

/** Counts what scores say of pictures that come in chunks. */
export class PictureCount {
  #pictures = 0;
  #unread = 0;
  readonly #flagged = new Map<number, number>();
  readonly #classes = new Map<string, number>();

  add({ files, density, classes, problems }: PictureScores): void {
    this.#pictures += files.length;
    this.#unread += problems.length;
    const pValue = density?.pValue.filter((p) => !Number.isNaN(p)) ?? [];
    for (const rate of pValue.length > 0 ? rates : []) {
      const before = this.#flagged.get(rate) ?? 0;
      this.#flagged.set(rate, before + pValue.filter((p) => p <= rate).length);
    }
    for (const name of classes?.names ?? []) {
      if (name !== "") this.#classes.set(name, (this.#classes.get(name) ?? 0) + 1);
    }
  }

  summary(): PictureSummary {
    return {
      pictures: this.#pictures,
      unread: this.#unread,
      flagged: [...this.#flagged].map(([rate, pictures]) => ({ rate, pictures })),
      classes: [...this.#classes].sort().map(([name, pictures]) => ({ name, pictures })),
    };
  }
}
