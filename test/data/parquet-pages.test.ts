import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parquetWriteBuffer } from "hyparquet-writer";
import { openTable } from "../../src/data/readers/open-table.js";
import { expectPages } from "../../src/data/readers/parquet-pages.js";
import { bytesSource } from "../../src/data/readers/source.js";
import { readTable } from "../../src/data/table.js";
import { DataError } from "../../src/errors.js";
import { Random } from "../../src/random.js";

/** A number in seven bits a byte. */
function number(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...number(Math.floor(value / 128))];
}

/** A Thrift field that holds a number, right after the one before. */
const field = (value: number): number[] => [0x15, ...number(2 * value)];

/** A page of values, version 1, uncompressed. */
function page(values: number, encoding: number, content: readonly number[]): number[] {
  const size = content.length;
  const header = [...field(values), ...field(encoding), ...field(3), ...field(3), 0];
  return [...field(0), ...field(size), ...field(size), 0x2c, ...header, 0, ...content];
}

/** Levels of one bit each, with their length before. */
function levels(...runs: readonly number[]): number[] {
  return [runs.length, 0, 0, 0, ...runs];
}

const [plain, dictionary] = [0, 8];
const doubles = (count: number): number[] => new Array<number>(8 * count).fill(0);

function check(bytes: readonly number[], rows: number, isOptional = false): void {
  const chunk = { codec: "UNCOMPRESSED", rows, isOptional, isBoolean: false } as const;
  expectPages({ ...chunk, bytes: Uint8Array.from(bytes) }, {});
}

describe("expectPages", () => {
  it("takes pages that make up the rows, with values missing or repeated", () => {
    check([...page(2, plain, doubles(2)), ...page(1, plain, doubles(1))], 3);
    // A run of 5 that are there, and a group of 8 of which 3 count: 1, 0, 1.
    check(page(8, dictionary, [...levels(10, 1, 3, 0b101), 2, 14, 3]), 8, true);
    // A bit for each in place of a run.
    check(page(9, dictionary, [1, 5, 0xff, 0x01]), 9);
  });

  const cases: readonly (readonly [what: string, bytes: number[], message: RegExp])[] = [
    ["a page of more values than rows", page(9, plain, doubles(9)), /9 values where 8 of 8/],
    ["a page of no values", page(0, plain, []), /a page of 0 values/],
    ["too few values in all", page(7, plain, doubles(7)), /no byte/],
    [
      "a run of 2^31 places",
      page(8, dictionary, [1, ...number(2 ** 32), 0]),
      /a run of 2147483648/,
    ],
    ["a run that ends nowhere", page(8, dictionary, [1, 255, 255]), /no byte/],
    ["places of 200 bits", page(8, dictionary, [200, 16, 0]), /of 200 bits/],
    ["a page beyond the chunk", page(8, plain, doubles(8)).slice(0, -1), /64 bytes from/],
    ["a header of another type", [0x1d, ...number(2)], /field of type 13/],
    [
      "a number that doesn't end",
      new Array<number>(40).fill(255),
      /number of more than 9 bytes|type 15/,
    ],
    ["nothing", [], /no byte/],
  ];
  for (const [what, bytes, message] of cases) {
    it(`refuses ${what}`, () => {
      assert.throws(() => {
        check(bytes, 8);
      }, message);
    });
  }

  it("refuses a run of levels longer than its page", () => {
    assert.throws(() => {
      check(page(8, plain, [...levels(...number(2 ** 30), 1), ...doubles(8)]), 8, true);
    }, /a run of 536870912 values where 8 are left/);
  });
});

describe("A damaged Parquet file", () => {
  it("is an error or a table, soon and in little memory, whatever bytes are changed", async () => {
    const rows = Array.from({ length: 100 }, (_, i) => i);
    const columnData = [
      { name: "a", data: rows.map((i) => (i % 7 ? i * 1.5 : null)), type: "DOUBLE" as const },
      { name: "b", data: rows.map((i) => `t${i % 3}`), type: "STRING" as const },
      { name: "c", data: rows.map(BigInt), type: "INT64" as const },
      { name: "d", data: rows.map((i) => i % 2 === 0), type: "BOOLEAN" as const },
    ];
    const files = (["UNCOMPRESSED", "SNAPPY"] as const).map(
      (codec) => new Uint8Array(parquetWriteBuffer({ columnData, codec })),
    );
    const outcomes = { table: 0, error: 0 };
    for (let seed = 0; seed < 300; seed++) {
      const bytes = files[seed % 2]!.slice();
      const [place = 0, other = 0, value = 0] = Random.fromSeed(seed).uniform(3);
      bytes[Math.floor(place * bytes.length)] = 255;
      bytes[Math.floor(other * bytes.length)] = Math.floor(value * 256);
      const started = performance.now();
      try {
        await readTable(await openTable(bytesSource("t.parquet", bytes)));
        outcomes.table++;
      } catch (error) {
        assert.ok(error instanceof DataError, `seed ${seed}: ${String(error)}`);
        assert.match(error.message, /^t\.parquet: .*expected .+, got .+; /);
        outcomes.error++;
      }
      assert.ok(performance.now() - started < 20_000, `seed ${seed}`);
    }
    assert.ok(outcomes.table > 30 && outcomes.error > 30, JSON.stringify(outcomes));
    assert.ok(process.memoryUsage().rss < 1 << 30);
  });
});
