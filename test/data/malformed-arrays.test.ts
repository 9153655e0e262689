import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { npzBytes, outputArray } from "../../src/data/writers/npy.js";
import { ascii, bytesOf, joined, npyFile, npyHeaderText } from "./tables.js";
import { check, type Case } from "./cases.js";

const floats = (...values: number[]): Uint8Array => bytesOf(Float64Array.from(values));
const npy = (descr: string, shape: string, content: Uint8Array, fortran = "False"): Uint8Array =>
  npyFile(npyHeaderText(`'${descr}'`, shape, fortran), content);
const whole = npy("<f8", "(2, 3)", floats(1, 2, 3, 4, 5, 6));
const reversed = (bytes: Uint8Array, size: number): Uint8Array =>
  bytes.map((_, at) => bytes[at - (at % size) + size - 1 - (at % size)]!);
const sixth = [
  [1, 2, 3],
  [4, 5, 6],
];

const nanoseconds = [
  1_700_000_000_001_000_000n,
  1_700_000_000_002_000_000n,
  -1_600_000_200_006_000_000n,
  1_500_000n,
];
const milliseconds = [[1_700_000_000_001], [1_700_000_000_002], [-1_600_000_200_006], [1.5]];

const npyCases: readonly Case[] = [
  {
    what: "an array in C order",
    content: whole,
    rows: sixth,
    names: ["column 1", "column 2", "column 3"],
  },
  {
    what: "an array in Fortran order",
    content: npy("<f8", "(2, 3)", floats(1, 4, 2, 5, 3, 6), "True"),
    rows: sixth,
  },
  {
    what: "a vector in Fortran order",
    content: npy("<f8", "(2,)", floats(1, 2), "True"),
    rows: [[1], [2]],
  },
  {
    what: "big-endian floats",
    content: npy(">f8", "(2, 3)", reversed(floats(1, 2, 3, 4, 5, 6), 8)),
    rows: sixth,
  },
  {
    what: "floats of 2 bytes",
    content: npy("<f2", "(5,)", bytesOf(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7c00, 0x7e00))),
    rows: [[1], [-2], [2 ** -24], [Infinity], [null]],
  },
  { what: "bytes", content: npy("|i1", "(2,)", Uint8Array.of(255, 1)), rows: [[-1], [1]] },
  { what: "booleans", content: npy("|b1", "(2,)", Uint8Array.of(1, 0)), rows: [[1], [0]] },
  {
    what: "whole numbers of 8 bytes",
    content: npy("<i8", "(2,)", bytesOf(BigInt64Array.of(-5n, 2n ** 53n - 1n))),
    rows: [[-5], [2 ** 53 - 1]],
  },
  {
    what: "whole numbers that float64 rounds",
    content: npy("<i8", "(2, 1)", bytesOf(BigInt64Array.of(5n, 2n ** 53n + 1n))),
    rows: [[5], [2 ** 53]],
    warning: /row 2, column "column 1"/,
  },
  {
    what: "dates",
    content: npy("<M8[s]", "(2,)", bytesOf(BigInt64Array.of(1n, -(2n ** 63n)))),
    rows: [[1000], [null]],
  },
  {
    what: "dates in nanoseconds",
    content: npy("<M8[ns]", "(4,)", bytesOf(BigInt64Array.from(nanoseconds))),
    rows: milliseconds,
  },
  {
    what: "dates in steps of 10 microseconds",
    content: npy("<M8[10us]", "(2,)", bytesOf(BigInt64Array.of(170_000_000_000_200n, -50n))),
    rows: [[1_700_000_000_002], [-0.5]],
  },
  {
    what: "text",
    content: npy(
      "<U2",
      "(2,)",
      bytesOf(Uint8Array.of(97, 0, 0, 0, 0, 0xf6, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
    ),
    rows: [["a\u{1f600}"], [null]],
  },
  { what: "text in bytes", content: npy("|S2", "(2,)", ascii("abc\0")), rows: [["ab"], ["c"]] },
  {
    what: "version 2",
    content: npyFile(npyHeaderText("'<f8'", "(1,)"), floats(7), 2),
    rows: [[7]],
  },
  { what: "gzip around it", content: new Uint8Array(gzipSync(whole)), rows: sixth },
  {
    what: "an empty file",
    content: new Uint8Array(0),
    error: /expected a NumPy array, got other bytes/,
  },
  {
    what: "another format",
    content: ascii("a,b\n1,2\n3,4\n"),
    error: /expected a NumPy array, got other bytes/,
  },
  {
    what: "version 9",
    content: npyFile(npyHeaderText("'<f8'", "(1,)"), floats(7), 9),
    error: /version 1, 2 or 3 of the NumPy format, got 9/,
  },
  { what: "a header cut off", content: whole.subarray(0, 40), error: /ends within it/ },
  {
    what: "a header of 4 GB",
    content: joined(Uint8Array.of(0x93, ...ascii("NUMPY"), 2, 0, 255, 255, 255, 255), floats(1)),
    error: /got one of 4294967307 bytes/,
  },
  {
    what: "a header without a shape",
    content: npyFile("{'descr': '<f8'}", floats(1)),
    error: /expected a NumPy header with descr/,
  },
  {
    what: "values cut off",
    content: whole.subarray(0, whole.length - 8),
    error: /expected 48 bytes for an array of shape \[2,3\], got 40; the file is truncated/,
  },
  {
    what: "values cut off, in gzip",
    content: new Uint8Array(gzipSync(whole.subarray(0, whole.length - 3))),
    error: /got 45; the file is truncated/,
  },
  {
    what: "too many values",
    content: joined(whole, floats(7)),
    error: /got 56; the file is too long/,
  },
  {
    what: "too many values, in gzip",
    content: new Uint8Array(gzipSync(joined(whole, floats(7)))),
    error: /the file is too long/,
  },
  {
    what: "a shape of 8 PB",
    content: npy("<f8", "(1000000000, 1000000)", floats(1)),
    error: /expected 8000000000000000 bytes/,
  },
  {
    what: "rows of 8 TB",
    content: new Uint8Array(gzipSync(npy("<f8", "(2, 1000000000000)", floats(1)))),
    error: /at most 2147483648 bytes/,
  },
  {
    what: "a hundred million columns",
    content: npy("<f8", "(2, 100000000)", floats(1)),
    error: /expected 1600000000 bytes/,
  },
  {
    what: "a hundred million columns, in gzip",
    content: new Uint8Array(gzipSync(npy("<f8", "(2, 100000000)", floats(1)))),
    error: /at most 65536 columns, got 100000000/,
  },
  {
    what: "a shape beyond whole numbers",
    content: npy("<f8", "(1000000000000, 1000000000000)", floats(1)),
    error: /got shape \[1000000000000,1000000000000\]/,
  },
  {
    what: "three axes",
    content: npy("<f8", "(1, 1, 2)", floats(1, 2)),
    error: /arrays of shape \[rows\] or \[rows, columns\]/,
  },
  {
    what: "no axes",
    content: npy("<f8", "()", floats(1)),
    error: /arrays of shape \[rows\] or \[rows, columns\]/,
  },
  {
    what: "no rows",
    content: npy("<f8", "(0, 3)", floats()),
    error: /at least one row, got 3 columns and no rows/,
  },
  {
    what: "objects",
    content: npy("|O", "(1,)", ascii("\x80\x04K\x01.")),
    error: /got Python objects, whose reading would run code/,
  },
  {
    what: "structures",
    content: npyFile(npyHeaderText("[('a', '<f8'), ('b', '<i4')]", "(1,)"), new Uint8Array(12)),
    error: /got structured values; save each field/,
  },
  {
    what: "complex numbers",
    content: npy("<c16", "(1,)", floats(1, 2)),
    error: /got complex numbers/,
  },
  {
    what: "floats of 16 bytes",
    content: npy("<f16", "(1,)", floats(1, 2)),
    error: /got values of type "<f16"/,
  },
];

async function npz(
  arrays: readonly Parameters<typeof outputArray>[],
  compress = false,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const outputs = arrays.map((array) => outputArray(...array));
  for await (const part of npzBytes(outputs, { compress })) parts.push(part);
  return joined(...parts);
}

const pair: readonly Parameters<typeof outputArray>[] = [
  ["x", [2, 2], Float64Array.of(1, 2, 3, 4)],
  ["y", [2], Int32Array.of(0, 1)],
];

/** An archive with a field of its directory's first entry changed. */
async function patched(field: number, value: number, zeros = 1000): Promise<Uint8Array> {
  const bytes = await npz([["x", [zeros], new Float64Array(zeros)]], true);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const directory = view.getUint32(bytes.length - 22 + 16, true);
  if (field === 8 || field === 10) view.setUint16(directory + field, value, true);
  else view.setUint32(directory + field, value, true);
  return bytes;
}

const npzCases: readonly Case[] = [
  {
    what: "two arrays",
    content: () => npz(pair),
    rows: [
      [1, 2, 0],
      [3, 4, 1],
    ],
    names: ["x.1", "x.2", "y"],
  },
  {
    what: "two arrays, deflated, of which one is chosen",
    content: () => npz(pair, true),
    options: { arrays: ["y"] },
    rows: [[0], [1]],
  },
  {
    what: "an array that isn't there",
    content: () => npz(pair),
    options: { arrays: ["z"] },
    error: /arrays: expected one of x, y, got "z"/,
  },
  {
    what: "arrays of other rows",
    content: () =>
      npz([
        ["a", [2], Float64Array.of(1, 2)],
        ["b", [1], Float64Array.of(1)],
      ]),
    error: /as many rows each, got a \[2\], b \[1\]/,
  },
  {
    what: "its end cut off",
    content: async () => (await npz(pair)).subarray(0, -10),
    error: /got no directory at its end/,
  },
  {
    what: "its beginning cut off",
    content: async () => (await npz(pair)).subarray(100),
    error: /t\.npz: .*damaged/,
  },
  {
    what: "other bytes",
    content: ascii("a,b\n1,2\n"),
    error: /expected a whole zip archive, got no directory/,
  },
  { what: "an empty file", content: new Uint8Array(0), error: /got no directory at its end/ },
  {
    what: "a damaged value",
    content: async () => (await npz(pair)).map((byte, at) => (at === 190 ? byte ^ 1 : byte)),
    error: /x\.npy: expected its checksum to fit/,
  },
  { what: "a password", content: () => patched(8, 1), error: /got an encrypted one/ },
  { what: "another method", content: () => patched(10, 14), error: /got one packed by method 14/ },
  {
    what: "a size of 4 GB that isn't so",
    content: () => patched(24, 0xfffffff0),
    error: /expected at most 2147483648 bytes, got 4294967280/,
  },
  {
    what: "a size of 1 GB that can't be so",
    content: () => patched(24, 2 ** 30),
    error: /expected at most \d+ bytes from \d+, got 1073741824/,
  },
  {
    what: "4 GB that are packed beyond its end",
    content: () => patched(20, 0xfffffff0),
    error: /expected a whole zip archive, got a damaged directory/,
  },
  {
    what: "a smaller size than is packed",
    content: () => patched(24, 1000),
    error: /expected its checksum to fit/,
  },
  {
    what: "8 MB of zeros in a few KB, and 1 MB allowed",
    content: () => npz([["x", [1 << 20], new Float64Array(1 << 20)]], true),
    options: { maxBytes: 1 << 20 },
    error: /expected at most 1048576 bytes, got 8388\d+/,
  },
  {
    what: "a header that says more than there is",
    content: async () => zipOf("x.npy", npy("<f8", "(1000000000,)", floats(1))),
    error: /x\.npy: expected 8000000000 bytes/,
  },
  {
    what: "objects",
    content: async () => zipOf("x.npy", npy("|O", "(1,)", ascii("x"))),
    error: /x\.npy: expected numbers, text or dates, got Python objects/,
  },
  {
    what: "no arrays",
    content: async () => zipOf("notes.txt", ascii("x")),
    error: /expected NumPy arrays in the archive, got 1 other files/,
  },
];

/** A zip archive of one stored file. */
async function zipOf(name: string, content: Uint8Array): Promise<Uint8Array> {
  const { zipSync } = await import("fflate");
  return zipSync({ [name]: content }, { level: 0 });
}

const columnData = [
  { name: "a", data: [1.5, null, 3], type: "DOUBLE" as const },
  { name: "b", data: ["x", "y", null], type: "STRING" as const },
  { name: "c", data: [1n, 2n, 2n ** 60n + 1n], type: "INT64" as const },
  { name: "d", data: [true, false, true], type: "BOOLEAN" as const },
  { name: "e", data: [new Date(0), new Date(1000), null], type: "TIMESTAMP" as const },
];
const parquet = (rowGroupSize = 1000): Uint8Array =>
  new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));
const parquetRows = [
  [1.5, "x", 1, 1, 0],
  [null, "y", 2, 0, 1000],
  [3, null, 2 ** 60, 1, null],
];

const parquetCases: readonly Case[] = [
  {
    what: "columns of all kinds",
    content: parquet(),
    rows: parquetRows,
    names: ["a", "b", "c", "d", "e"],
    warning: /row 3, column "c"/,
  },
  { what: "dates in nanoseconds", content: timestamps(), rows: milliseconds },
  {
    what: "groups of two rows",
    content: parquet(2),
    rows: parquetRows,
    warning: /row 3, column "c"/,
  },
  {
    what: "chosen columns",
    content: parquet(),
    options: { columns: ["d", "a"] },
    rows: [
      [1, 1.5],
      [0, null],
      [1, 3],
    ],
  },
  {
    what: "gzip around it",
    content: new Uint8Array(gzipSync(parquet())),
    rows: parquetRows,
    warning: /column "c"/,
  },
  {
    what: "a column that isn't there",
    content: parquet(),
    options: { columns: ["z"] },
    error: /columns: expected one of a, b/,
  },
  {
    what: "a column of another kind",
    content: parquet(),
    options: { kinds: { a: "text" } },
    error: /kind of "a": expected number, which the file holds, got text/,
  },
  {
    what: "its end cut off",
    content: parquet().subarray(0, -20),
    error: /expected a Parquet file, got a truncated or damaged one/,
  },
  {
    what: "its middle cut out",
    content: joined(parquet().subarray(0, 20), parquet().subarray(-300)),
    error: /expected a Parquet file|column ".": expected 3 rows/,
  },
  { what: "an empty file", content: new Uint8Array(0), error: /expected a Parquet file/ },
  { what: "other bytes", content: ascii("a,b\n1,2\n3,4\n"), error: /expected a Parquet file/ },
  {
    what: "a footer of 4 GB",
    content: joined(parquet().subarray(0, -8), Uint8Array.of(255, 255, 255, 255), ascii("PAR1")),
    error: /expected a Parquet file/,
  },
  {
    what: "a chosen column whose name a nested one has too",
    content: sameNames(),
    options: { columns: ["value"] },
    rows: [[1], [2], [3]],
  },
  {
    what: "lists",
    content: nested(),
    error: /column "v": expected numbers, dates, text or booleans, got lists or structures/,
  },
];

function timestamps(): Uint8Array {
  const schema: NonNullable<Parameters<typeof parquetWriteBuffer>[0]["schema"]> = [
    { name: "root", num_children: 1 },
    {
      name: "t",
      type: "INT64",
      repetition_type: "REQUIRED",
      logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "NANOS" },
    },
  ];
  const columnData = [{ name: "t", data: nanoseconds }];
  return new Uint8Array(parquetWriteBuffer({ columnData, schema }));
}

/** A column `value` without missing cells, and `v.value` with them. */
function sameNames(): Uint8Array {
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: "value", data: [1, 2, 3], type: "DOUBLE", nullable: false },
        { name: "v", data: [{ x: 1 }, {}, {}], type: "VARIANT", shredding: { x: "INT32" } },
      ],
    }),
  );
}

function nested(): Uint8Array {
  const data = [{ x: 1 }, [2]];
  return new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "v", data, type: "VARIANT" }] }));
}

check("An NPY file with", "t.npy", npyCases);
check("An NPZ file with", "t.npz", npzCases);
check("A Parquet file with", "t.parquet", parquetCases);
