import { expectKind } from "../border/kinds.js";
import { expectArray, expectFinite } from "../border/arrays.js";
import { DataError } from "../errors.js";
import { sizeOf, type NumberArray } from "../tree.js";
import { placeOf, wholeCell } from "./column-axis.js";
import { dependentColumns } from "./dependence.js";
import { moments } from "./moments.js";
import type { ColumnPlan, Preprocessing, Scaling } from "./preprocessing.js";
import { learnTail } from "./tails.js";
import { digitsLost, listed, type Column } from "./warnings.js";

export interface Learned {
  readonly preprocessing: Preprocessing;
  /** A sentence for each thing that was found, naming the columns. */
  readonly warnings: readonly string[];
}

/** Options of what else there is to learn from. */
export interface LearnOptions {
  /** Rows that aren't trained on, of which nothing is learned but whether their numbers are whole. */
  readonly others?: readonly NumberArray[];
  /** `[N, K]` */
  readonly condition?: NumberArray;
  /** Columns that are 1 where another's cell is missing, by the name of the other. */
  readonly absent?: Readonly<Record<string, string>>;
  /** Columns that may have heavy tails, which these held-out rows `[M, D]` tell. */
  readonly tails?: { readonly columns: readonly string[]; readonly heldOut: NumberArray };
}

const where = "learnPreprocessing";

/**
 * Learns from all training rows, in float64, what makes of each column (of each channel of images)
 * one of mean 0 and standard deviation 1, and which columns can't be densities as they are:
 *
 * - real: offset = mean, scale = standard deviation
 * - whole numbers, 0 and 1 included, in the other rows too: as above, of x + u with u uniform on
 *   [0, 1), the noise that makes them real
 * - constant, or a copy of an earlier one: left out
 *
 * A column with heavy tails is first mapped by an asinh: see `learnTail`. Cells that are missing
 * count in nothing that is learned of their column.
 *
 * A feature of the condition is standardised likewise, unless it holds 0 and 1 alone.
 *
 * @param x `[N, D]` or `[N, C, H, W]`
 * @param names of the D columns or C channels
 * @throws {ShapeError} if an array isn't of these shapes.
 * @throws {DataError} naming the rows that hold NaN or an infinity, or if every column is constant.
 */
export function learnPreprocessing(
  x: NumberArray,
  names: readonly string[],
  { condition, absent = {}, tails, others = [] }: LearnOptions = {},
): Learned {
  expectKind(names, "list", where);
  const [rows = 0, ...shape] = expectArray(x, { where, name: "x" }).shape;
  expectFinite(x, { where, name: "x" });
  const columns = names.map((name, c) => columnOf(x, c, name));
  const plans: ColumnPlan[] = [];
  const present = (rows: NumberArray, c: number, name: string): Column => {
    const mark = names.indexOf(absent[name] ?? "");
    const column = columnOf(rows, c, name);
    return mark < 0 ? column : presentOf(column, columnOf(rows, mark, absent[name]!));
  };
  columns.forEach((column, c) => {
    const { name } = column;
    const same = [column, ...others.map((rows) => columnOf(rows, c, name))];
    const isWhole = same.every((one) => every(one, Number.isSafeInteger));
    const plan = planOf(column, columns.slice(0, c), { plans, isWhole });
    const known = present(x, c, name);
    const heldOut = tails?.columns.includes(name) ? present(tails.heldOut, c, name) : undefined;
    plans.push(withAxis(plan, { known, heldOut, absent: absent[name] }));
  });
  // Noise makes whole numbers independent: only a real column can depend on those before it.
  const isReal = (column: Column): boolean => plans[columns.indexOf(column)]!.kind === "real";
  const whole = columns.filter((_, c) => plans[c]!.kind === "whole");
  const kept = [...whole, ...columns.filter(isReal)];
  if (kept.length === 0) {
    throw new DataError(
      `${where}: expected a column that varies, got ${names.length} constant ones in ${rows} training rows; there is no density to learn`,
      { columns: names },
    );
  }
  const conditionColumns = condition && learnCondition(condition, rows);
  return {
    preprocessing: {
      shape,
      columns: plans,
      ...(conditionColumns && { condition: conditionColumns.scalings }),
    },
    warnings: [
      ...warningsOf(plans, rows),
      ...columns.flatMap((column, c) => {
        const plan = plans[c]!;
        return plan.kind === "real" || plan.kind === "whole" ? digitsLost(column, plan) : [];
      }),
      ...dependentColumns(kept, whole.length).map(
        ({ column, of }) =>
          `columns ${listed([column, ...of])}: linearly dependent in every training row, so that their density has no bound; leave ${listed([column])} out`,
      ),
      ...(conditionColumns?.warnings ?? []),
    ],
  };
}

/** Plans that leave every channel of pixels as it is; for a condition beside them. */
export function identityPlan(x: NumberArray, names: readonly string[]): Preprocessing {
  return {
    shape: x.shape.slice(1),
    columns: names.map((name) => ({ kind: "real", name, offset: 0, scale: 1 })),
  };
}

/**
 * The scaling of each feature of a condition; 0 and 1 alone, as of one-hot classes, stay.
 * @throws {DataError} naming the rows that hold NaN or an infinity.
 */
export function learnCondition(
  condition: NumberArray,
  rows: number,
): { readonly scalings: readonly Scaling[]; readonly warnings: readonly string[] } {
  const rules = { where, name: "condition", rows };
  const features = sizeOf(expectArray(condition, rules).shape.slice(1));
  expectFinite(condition, rules);
  const warnings: string[] = [];
  const scalings = Array.from({ length: features }, (_, k): Scaling => {
    const column = columnOf(condition, k, String(k));
    if (every(column, (value) => value === 0 || value === 1)) return { offset: 0, scale: 1 };
    const { mean, deviation } = moments(column);
    if (deviation > 0) return { offset: mean, scale: deviation };
    warnings.push(
      `condition ${k}: constant (${mean} in all ${rows} training rows); it tells nothing apart`,
    );
    return { offset: mean, scale: 1 };
  });
  return { scalings, warnings };
}

function planOf(
  column: Column,
  before: readonly Column[],
  { plans, isWhole }: { readonly plans: readonly ColumnPlan[]; readonly isWhole: boolean },
): ColumnPlan {
  const { name } = column;
  const first = column.at(0);
  if (every(column, (value) => value === first)) return { kind: "constant", name, value: first };
  const original = before.find(
    (other, c) => plans[c]!.kind !== "copy" && every(column, (value, i) => value === other.at(i)),
  );
  if (original) return { kind: "copy", name, of: original.name };
  return isWhole
    ? { kind: "whole", name, offset: 0, scale: 1, step: 1 }
    : { kind: "real", name, offset: 0, scale: 1 };
}

/** What is learned of a column that is kept, from its cells that are there. */
function withAxis(
  plan: ColumnPlan,
  {
    known,
    heldOut,
    absent,
  }: {
    readonly known: Column;
    readonly heldOut: Column | undefined;
    readonly absent: string | undefined;
  },
): ColumnPlan {
  if (plan.kind !== "real" && plan.kind !== "whole") return plan;
  const tail = heldOut && learnTail(known, heldOut);
  const step = plan.kind === "whole" ? plan.step : 0;
  const raw = { offset: 0, scale: 1, tail };
  const { mean, deviation } = moments({
    count: known.count,
    at: (i) => placeOf(known.at(i) + step / 2, raw),
  });
  const variance = step === 0 ? 0 : meanOf(known, (x) => wholeCell(x, step, raw).width ** 2 / 12);
  return {
    ...plan,
    offset: mean,
    scale: Math.hypot(deviation, Math.sqrt(variance)) || 1,
    ...(tail && { tail }),
    ...(absent !== undefined && { absent }),
  };
}

/** The cells of a column in rows where its mark isn't 1. */
function presentOf(column: Column, mark: Column): Column {
  const rows = Array.from({ length: column.count }, (_, row) => row).filter(
    (row) => mark.at(row) !== 1,
  );
  if (rows.length === 0) return column;
  return { ...column, count: rows.length, at: (i) => column.at(rows[i]!) };
}

function meanOf({ count, at }: Column, of: (x: number) => number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += of(at(i));
  return sum / count;
}

function warningsOf(plans: readonly ColumnPlan[], rows: number): string[] {
  const warnings: string[] = [];
  for (const plan of plans) {
    if (plan.kind === "constant") {
      warnings.push(
        `column "${plan.name}": constant (${plan.value} in all ${rows} training rows); it is left out, and a row with another value has density 0`,
      );
    } else if (plan.kind === "copy") {
      warnings.push(
        `column "${plan.name}": equal to "${plan.of}" in all ${rows} training rows; it is left out, and a row in which they differ has density 0`,
      );
    }
  }
  const whole = plans.filter(({ kind }) => kind === "whole").map(({ name }) => name);
  if (whole.length > 0) {
    warnings.push(
      `${whole.length === 1 ? "column" : "columns"} ${listed(whole)}: whole numbers; uniform noise of one unit makes them real, so that log p is a lower bound on the log-probability of the whole number, in expectation`,
    );
  }
  return warnings;
}

function columnOf({ shape, data }: NumberArray, c: number, name: string): Column {
  const [rows = 0, columns = 1, ...rest] = shape;
  const inner = sizeOf(rest);
  const at =
    inner === 1
      ? (i: number): number => data[i * columns + c]!
      : (i: number): number => data[(Math.floor(i / inner) * columns + c) * inner + (i % inner)]!;
  return { name, count: rows * inner, at, isFloat32: data instanceof Float32Array };
}

function every({ count, at }: Column, holds: (value: number, i: number) => boolean): boolean {
  for (let i = 0; i < count; i++) if (!holds(at(i), i)) return false;
  return true;
}
