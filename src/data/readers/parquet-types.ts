import type { FileMetaData, ParquetParsers, SchemaElement } from "hyparquet";
import { expectOneOf } from "../../border/options.js";
import { DataError } from "../../errors.js";
import { dayLength } from "../cell-text.js";
import type { ColumnKind } from "../table.js";
import { millisecondsOf } from "./cells.js";

/** A flat column of a Parquet file. */
export interface ParquetColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Its own of the schema, in which a nested one may have the same name. */
  readonly element: SchemaElement;
}

/**
 * The columns to read and what they hold.
 *
 * @param chosen names; all unless given
 * @throws {DataError} naming a column that is nested or of a type that can't be read.
 * @throws {UsageError} if there is no column of such a name.
 * @see https://parquet.apache.org/docs/file-format/types/logicaltypes/
 */
export function parquetColumns(
  name: string,
  { schema }: FileMetaData,
  chosen?: readonly string[],
): ParquetColumn[] {
  const columns = topLevel(schema);
  const names = columns.map(({ element }) => element.name);
  // A damaged schema gives other things than its type says.
  if (!names.every((column: unknown) => typeof column === "string")) {
    throw new DataError(
      `${name}: expected a Parquet file, got a damaged list of columns; get the file again`,
      { name },
    );
  }
  chosen?.forEach((column) => expectOneOf(column, names, `${name}: columns`));
  return (chosen ?? names).map((column) => {
    const { element, nested } = columns[names.indexOf(column)]!;
    const kind = nested ? undefined : kindOf(element);
    if (kind) return { name: column, kind, element };
    const got = nested ? "lists or structures" : typeName(element);
    throw new DataError(
      `${name}: column "${column}": expected numbers, dates, text or booleans, got ${got}; save the file without it, or name the others in openParquet's columns`,
      { name, columns: [column] },
    );
  });
}

interface TopLevel {
  readonly element: SchemaElement;
  readonly nested: boolean;
}

/** The schema is a tree in prefix order, whose root comes first. */
function topLevel(schema: readonly SchemaElement[]): TopLevel[] {
  const found: TopLevel[] = [];
  for (let at = 1; at < schema.length;) {
    const element = schema[at]!;
    const nested = (element.num_children ?? 0) > 0 || element.repetition_type === "REPEATED";
    found.push({ element, nested });
    for (let rest = 1; rest > 0 && at < schema.length; at++) {
      rest += (schema[at]!.num_children ?? 0) - 1;
    }
  }
  return found;
}

function kindOf({ type, converted_type, logical_type }: SchemaElement): ColumnKind | undefined {
  const logical = logical_type?.type;
  if (converted_type === "DECIMAL" || logical === "DECIMAL") return "number";
  const isDate = logical === "DATE" || logical === "TIMESTAMP" || converted_type === "DATE";
  if (isDate || (converted_type?.startsWith("TIMESTAMP") ?? false)) return "date";
  if (type === "BOOLEAN") return "boolean";
  if (type === "INT96") return "date";
  if (type === "BYTE_ARRAY") {
    const odd = ["BSON", "VARIANT", "GEOMETRY", "GEOGRAPHY"].includes(logical ?? "");
    return odd || converted_type === "BSON" ? undefined : "text";
  }
  if (type === "FIXED_LEN_BYTE_ARRAY") {
    return logical === "FLOAT16" ? "number" : logical === "UUID" ? "text" : undefined;
  }
  return type === undefined ? undefined : "number";
}

function typeName({ type, converted_type, logical_type }: SchemaElement): string {
  return `values of type ${logical_type?.type ?? converted_type ?? type ?? "unknown"}`;
}

/** Dates as milliseconds since 1970 with their fraction; JSON as the text that it is. */
export const parquetParsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: Number,
  timestampFromMicroseconds: (micros) => Number(micros) / 1e3,
  timestampFromNanoseconds: millisecondsOf,
  dateFromDays: (days) => days * dayLength,
  jsonFromBytes: (bytes) => new TextDecoder().decode(bytes),
};
