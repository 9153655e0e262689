import { dayLength } from "../data/cell-text.js";
import type { DataDescription, TablePlan } from "../data/index.js";
import type { Column, Table } from "../data/table.js";
import { keptColumns, type KeptCodec } from "./codecs.js";

/** Values that a column could have had instead. */
export interface Candidates {
  readonly codec: KeptCodec;
  /**
   * In ascending order: numbers, since one fewer would make any row likelier; codes of categories, and NaN,
   * the last, for a missing one.
   */
  readonly values: readonly number[];
  /** Whether values lie between these: of numbers and dates. */
  readonly isContinuous: boolean;
  /** What values are multiples of; 0 unless they are whole. */
  readonly step: number;
  /** Columns that always hold the same. */
  readonly copies: readonly string[];
}

/** Quantiles of a column that are tried at first. */
const quantiles = 9;

/**
 * Values of each column, spread as they are in rows that a model draws.
 *
 * @param draws rows of the model in the terms of the file
 * @returns for each column that isn't itself a copy of another
 */
export function candidatesOf(
  draws: Table,
  plan: TablePlan,
  { preprocessing }: Pick<DataDescription, "preprocessing">,
): Candidates[] {
  const plans = preprocessing?.columns ?? [];
  const columns = new Map(draws.columns.map((column) => [column.name, column]));
  return keptColumns(plan.columns).flatMap((codec) => {
    const own = plans.find(({ name }) => name === codec.name);
    if (own?.kind === "copy" || own?.kind === "constant") return [];
    const copies = plans.flatMap((one) =>
      one.kind === "copy" && one.of === codec.name ? [one.name] : [],
    );
    const isContinuous = codec.kind === "number" || codec.kind === "date";
    const drawn = numbersOf(columns.get(codec.name)!).sort();
    return {
      codec,
      copies,
      isContinuous,
      step: "isDay" in codec && codec.isDay ? dayLength : own?.kind === "whole" ? own.step : 0,
      values: [...new Set(isContinuous ? spreadOver(drawn) : drawn)],
    };
  });
}

/** Quantiles of sorted numbers, of which missing ones are the last. */
function spreadOver(sorted: Float64Array): number[] {
  const there = sorted.filter((value) => !Number.isNaN(value));
  return Array.from({ length: there.length > 0 ? quantiles : 0 }, (_, i) => {
    const at = Math.floor(((i + 0.5) / quantiles) * there.length);
    return there[at]!;
  });
}

/** A column's numbers, codes of texts; NaN where cells are missing. */
function numbersOf(column: Column): Float64Array {
  if (column.kind !== "text") return column.values.slice();
  return Float64Array.from(column.codes, (code) => (code < 0 ? NaN : code));
}
