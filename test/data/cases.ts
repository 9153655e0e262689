import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openTable, type OpenTableOptions } from "../../src/data/readers/open-table.js";
import { bytesSource } from "../../src/data/readers/source.js";
import { readTable } from "../../src/data/table.js";
import { DataError, IresnetError } from "../../src/errors.js";
import { plainRows } from "./plain-rows.js";
import { ascii } from "./tables.js";

/** A file, and what comes of it: an error with this in its sentence, or these rows. */
export interface Case {
  readonly what: string;
  readonly file?: string;
  readonly content: string | Uint8Array | (() => Promise<Uint8Array>);
  readonly options?: OpenTableOptions;
  readonly error?: RegExp;
  readonly rows?: readonly (readonly (number | string | null)[])[];
  readonly names?: readonly string[];
  readonly summary?: RegExp;
  readonly warning?: RegExp;
}

/** Tests that each file of a kind is read, or refused, as its case says. */
export function check(kind: string, usual: string, cases: readonly Case[]): void {
  describe(kind, () => {
    for (const { what, file = usual, content, options, error, ...expected } of cases) {
      it(what, async () => {
        const bytes = typeof content === "function" ? await content() : content;
        const source = bytesSource(file, typeof bytes === "string" ? ascii(bytes) : bytes);
        const read = async () => {
          const reader = await openTable(source, options);
          return { reader, table: await readTable(reader) };
        };
        if (error) {
          await assert.rejects(read(), (caught) => {
            assert.ok(caught instanceof IresnetError, String(caught));
            assert.match(caught.message, error);
            const remedy = caught instanceof DataError ? "; " : "";
            assert.match(caught.message, new RegExp(`: .*expected [^]+, got [^]+${remedy}`));
            return true;
          });
          return;
        }
        const { rows, names, summary, warning } = expected;
        const { reader, table } = await read();
        assert.deepEqual(plainRows(table), rows);
        if (names) {
          assert.deepEqual(
            table.columns.map(({ name }) => name),
            names,
          );
        }
        if (summary) assert.match(reader.summary.join(" "), summary);
        if (warning) assert.match(table.warnings.join(" "), warning);
        else assert.deepEqual(table.warnings, []);
      });
    }
  });
}
