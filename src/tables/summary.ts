import { expectKind } from "../border/kinds.js";
import type { ColumnCodec, ColumnPlan, DataDescription, DataSet } from "../data/index.js";
import { formatNumber } from "../text.js";

/** What was decided on a column, in a sentence. */
export interface ColumnSummary {
  readonly column: string;
  readonly text: string;
}

/**
 * What is done to each column of a table's file, in their order.
 * @param data a data set, or what a checkpoint keeps of it
 */
export function tableSummary(
  data: Pick<DataSet | DataDescription, "table" | "classes" | "preprocessing">,
): ColumnSummary[] {
  expectKind(data, "object", "tableSummary");
  const { table, classes, preprocessing } = data;
  const plans = new Map(preprocessing?.columns.map((plan) => [plan.name, plan]));
  const summary = (table?.columns ?? []).map((codec) => ({
    column: codec.name,
    text: sentence(codec, plans),
  }));
  if (table?.label === undefined) return summary;
  return [
    ...summary,
    { column: table.label, text: `label: ${classes.length} classes, ${quoted(classes)}` },
  ];
}

function sentence(codec: ColumnCodec, plans: ReadonlyMap<string, ColumnPlan>): string {
  if (codec.kind === "omitted") return `left out: ${codec.reason}`;
  const plan = plans.get(codec.name);
  if (codec.kind === "category") {
    const { levels, missing } = codec;
    const empty = missing ? ", empty cells as a level of their own" : "";
    return `category of ${levels.length} levels, ${quoted(levels)}${empty}: ${treatment(plan, codec)}`;
  }
  const { fill } = codec;
  const empty =
    fill === undefined
      ? ""
      : `; empty cells become the median, ${value(fill, codec)}, and a column beside it says so`;
  return `${names[codec.kind]}: ${treatment(plan, codec)}${empty}`;
}

const names = { number: "numbers", boolean: "true or false", date: "dates" } as const;

function treatment(plan: ColumnPlan | undefined, codec: ColumnCodec): string {
  switch (plan?.kind) {
    case "constant":
      return `always ${value(plan.value, codec)}, left out; another value has density 0`;
    case "copy":
      return `the same as "${plan.of}", left out; a row in which they differ has density 0`;
    case "whole":
    case "real": {
      const { scale } = plan;
      const mean = plan.kind === "whole" ? plan.offset - plan.step / 2 : plan.offset;
      const noise = plan.kind === "whole" ? "whole, made real by noise of one unit, " : "";
      const moments =
        codec.kind === "category" || codec.kind === "boolean"
          ? ""
          : codec.kind === "date"
            ? ` (mean ${value(mean, codec)}, deviation ${formatNumber(scale / 86_400_000)} days)`
            : ` (mean ${formatNumber(mean)}, deviation ${formatNumber(scale)})`;
      return `${noise}standardised${moments}`;
    }
    case undefined:
      return "as they are";
  }
}

/** A number in the terms of its column. */
function value(number: number, codec: ColumnCodec): string {
  if (codec.kind === "category") return `"${codec.levels[number] ?? ""}"`;
  if (codec.kind === "boolean") return number === 0 ? "false" : "true";
  if (codec.kind !== "date") return formatNumber(number);
  return new Date(number).toISOString().slice(0, 19);
}

function quoted(levels: readonly string[]): string {
  const more = levels.length > 6 ? ` and ${levels.length - 6} more` : "";
  return `${levels
    .slice(0, 6)
    .map((level) => `"${level}"`)
    .join(", ")}${more}`;
}
