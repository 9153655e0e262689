import {
  blobSource,
  openPictures,
  openTable,
  readPictures,
  readTable,
  type Table,
} from "../../src/index.js";
import { plainRows } from "../data/plain-rows.js";

/** A table as a page can hand it to a test. */
export interface ReadFile {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (number | string | null)[])[];
  readonly summary: readonly string[];
}

/** Reads a table as a page does that was handed this file. */
export async function readFile(name: string, bytes: readonly number[]): Promise<ReadFile> {
  const source = blobSource(name, new Blob([Uint8Array.from(bytes)]));
  const reader = await openTable(source);
  const table: Table = await readTable(reader);
  const columns = table.columns.map((column) => `${column.name}: ${column.kind}`);
  return { columns, rows: plainRows(table), summary: reader.summary };
}

/** The pixels of a PNG that a page was handed. */
export async function readPng(bytes: readonly number[]): Promise<readonly number[]> {
  const source = blobSource("a.png", new Blob([Uint8Array.from(bytes)]));
  const decode = (): never => {
    throw new TypeError("a PNG needs no other decoder");
  };
  const reader = await openPictures("page", [{ source, file: "a.png" }], {}, decode);
  return [...(await readPictures(reader)).pixels];
}
