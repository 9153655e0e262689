import { expectKind } from "../border/kinds.js";
import { dayLength } from "../data/cell-text.js";
import type {
  ColumnCodec,
  ColumnPlan,
  DataDescription,
  DataSet,
  Preprocessing,
  TablePlan,
} from "../data/index.js";
import { formatNumber } from "../text.js";
import { keptColumns, featuresOf, quoted } from "./codecs.js";

/** What was decided on a column, in a sentence. */
export interface ColumnSummary {
  readonly column: string;
  readonly text: string;
}

/**
 * What is done to each column of a table's file: those of x in their order, those of the condition, and
 * the label.
 *
 * @param data a data set, or what a checkpoint keeps of it
 */
export function tableSummary(
  data: Pick<DataSet | DataDescription, "table" | "preprocessing">,
): ColumnSummary[] {
  expectKind(data, "object", "tableSummary");
  const { table, preprocessing } = data;
  if (!table) return [];
  const plans = new Map(preprocessing?.columns.map((plan) => [plan.name, plan]));
  const { label } = table;
  const given = new Map(conditionPlans(table, preprocessing).map((plan) => [plan.name, plan]));
  const isGiven = table.condition.some(({ name }) => name === label?.name);
  return [
    ...table.columns.map((codec) => ({ column: codec.name, text: sentence(codec, plans) })),
    ...table.condition.map((codec) => ({
      column: codec.name,
      text: `condition: ${sentence(codec, given)}`,
    })),
    ...(label && !isGiven
      ? [
          {
            column: label.name,
            text: `label: ${label.levels.length} classes, ${quoted(label.levels, 6)}`,
          },
        ]
      : []),
  ];
}

/** The scalings of a condition's numbers, as plans of columns. */
function conditionPlans(
  { condition }: TablePlan,
  preprocessing: Preprocessing | undefined,
): ColumnPlan[] {
  const names = keptColumns(condition).flatMap(featuresOf);
  return (preprocessing?.condition ?? []).map((scaling, k) => ({
    kind: "real",
    name: names[k] ?? "",
    ...scaling,
  }));
}

function sentence(codec: ColumnCodec, plans: ReadonlyMap<string, ColumnPlan>): string {
  if (codec.kind === "omitted") return `left out: ${codec.reason}`;
  const plan = plans.get(codec.name);
  const { refused } = codec;
  const rows =
    refused === undefined
      ? ""
      : `; ${refused} ${refused === 1 ? "row" : "rows"} with an empty cell left out`;
  if (codec.kind === "category") {
    const { levels, missing, oneHot } = codec;
    const empty = missing ? ", empty cells as a level of their own" : "";
    const how = oneHot ? "a number for each, 1 or 0" : treatment(plan, codec);
    return `category of ${levels.length} levels, ${quoted(levels, 6)}${empty}: ${how}${rows}`;
  }
  const { fill } = codec;
  const empty =
    fill === undefined
      ? ""
      : `; empty cells ${
          plan && "absent" in plan
            ? "are learned as such, in a column beside it, and log p is that of the other cells"
            : `become the median, ${value(fill, codec)}, and a column beside it says so`
        }`;
  return `${names[codec.kind]}: ${treatment(plan, codec)}${empty}${rows}`;
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
      const { scale, tail } = plan;
      if (tail) {
        const whole = plan.kind === "whole" ? "whole, made real by noise, " : "";
        return `${whole}heavy-tailed: asinh((x - ${formatNumber(tail.centre)})/${formatNumber(tail.width)}), standardised`;
      }
      const mean = plan.kind === "whole" ? plan.offset - plan.step / 2 : plan.offset;
      const noise = plan.kind === "whole" ? "whole, made real by noise of one unit, " : "";
      const moments =
        codec.kind === "category" || codec.kind === "boolean"
          ? ""
          : codec.kind === "date"
            ? ` (mean ${value(mean, codec)}, deviation ${formatNumber(scale / dayLength)} days)`
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
