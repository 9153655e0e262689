import { expectKind } from "../border/kinds.js";
import { expectOptions, suggestion } from "../border/options.js";
import type { TablePlan } from "../data/index.js";
import { readText } from "../data/readers/csv.js";
import { cellRules, detectMarks } from "../data/readers/dialect.js";
import { quoted } from "../data/readers/records.js";
import { kindsInWords, madeTable, textColumn, type Column, type Table } from "../data/table.js";
import { DataError, UsageError } from "../errors.js";
import { expectAbility, type AnyRunner, type SampleOptions } from "../runner/index.js";
import type { NumberArray } from "../tree.js";
import { cellKind, keptColumns } from "./codecs.js";
import { decodeTable } from "./decode-table.js";
import { encodeCondition } from "./encode-table.js";

/** Cells by the names of their columns. */
export type Cells = Readonly<Record<string, string | number | boolean>>;

export interface SampleTableOptions extends Omit<SampleOptions, "condition"> {
  /**
   * A cell for each column of the model's condition, as a file would have it. An empty text alone is a
   * missing one: NA may be a level.
   */
  readonly condition?: Cells;
}

const where = "sampleTable";

/**
 * Draws rows as the file had them: whole numbers whole, categories by name, empty cells. Those of a
 * conditional model have the condition's columns beside.
 *
 * @param runner of a density that `fitTable` made
 * @param count at least 1; fewer draws are the first of more
 * @throws {UsageError} if the model isn't a density of a table, or the condition hasn't got its columns.
 * @throws {DataError} if a cell of the condition isn't what its column holds.
 */
export async function sampleTable(
  runner: AnyRunner,
  count: number,
  options: SampleTableOptions,
): Promise<Table> {
  expectKind(runner, "runner", where);
  expectKind(options, "object", where);
  const { condition: cells, ...draws } = options;
  expectAbility(runner.model, "density", where);
  const plan = runner.data?.table;
  if (!plan) {
    throw new UsageError(
      `${where}: expected the model of a table, got ${runner.model.kind} of ${runner.data?.name ?? "unknown data"}; make one with fitTable, or take Runner.sample`,
      { name: runner.model.kind },
    );
  }
  expectCells(cells, plan);
  const given = cells && tableOf(cells, plan);
  const condition = given && repeated(encodeCondition(given, plan), count);
  const x = await runner.sample(count, { ...draws, ...(condition && { condition }) });
  const samples = decodeTable(x, plan);
  const columns = given?.columns.map((column) => filled(column, count)) ?? [];
  return { ...samples, columns: [...samples.columns, ...columns] };
}

function expectCells(cells: Cells | undefined, { condition }: TablePlan): void {
  const names = keptColumns(condition).map(({ name }) => name);
  if (cells !== undefined) expectOptions(cells, names, `${where}: condition`);
  const lacking = names.filter((name) => cells?.[name] === undefined);
  if (lacking.length === 0) return;
  const near = suggestion(lacking[0]!, Object.keys(cells ?? {}));
  throw new UsageError(
    `${where}: expected a condition with ${names.map((name) => `"${name}"`).join(", ")}, got none for ${lacking.map((name) => `"${name}"`).join(", ")}${near}; give each a value`,
    { columns: lacking },
  );
}

/** A row of cells, read as those of a file are. */
function tableOf(cells: Cells, { condition }: TablePlan): Table {
  const codecs = keptColumns(condition);
  const texts = codecs.map(({ name }) => String(cells[name]));
  const read = readText(cellRules(detectMarks(texts, ","), [""]));
  const columns = codecs.map((codec, at): Column => {
    const { name } = codec;
    const kind = cellKind(codec);
    const cell = read(texts[at]!, kind, () => undefined);
    if (cell === undefined) {
      throw new DataError(
        `${where}: condition, column "${name}": expected ${kindsInWords[kind]}, got ${quoted(texts[at]!)}; give one, or an empty text for a missing cell`,
        { columns: [name] },
      );
    }
    return kind === "text"
      ? textColumn(name, [cell?.toString()])
      : { name, kind, values: Float64Array.of(Number(cell ?? NaN)) };
  });
  return madeTable("condition", 1, columns);
}

function repeated({ shape, data }: NumberArray, count: number): NumberArray {
  const size = shape[1]!;
  return {
    shape: [count, size],
    data: Float64Array.from({ length: count * size }, (_, i) => data[i % size]!),
  };
}

function filled(column: Column, rows: number): Column {
  return column.kind === "text"
    ? { ...column, codes: new Int32Array(rows).fill(column.codes[0]!) }
    : { ...column, values: new Float64Array(rows).fill(column.values[0]!) };
}
