import { gzipSync } from "node:zlib";
import { ascii, joined, utf16 } from "./tables.js";
import { check, type Case } from "./cases.js";

const long = "x".repeat(1 << 20);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const zipped = (text: string): Uint8Array => new Uint8Array(gzipSync(text));

const csv: readonly Case[] = [
  { what: "an empty file", content: "", error: /expected rows, got an empty file/ },
  { what: "only a byte-order mark", content: "\xef\xbb\xbf", error: /only blank lines/ },
  { what: "only blank lines", content: "\n\n  \n", error: /only blank lines/ },
  { what: "a header only", content: "a,b\n", error: /at least one row, got 2 columns and no rows/ },
  { what: "a header without its line's end", content: "a,b", error: /no rows/ },
  {
    what: "a short line",
    content: "a,b,c\n1,2,3\n4,5\n",
    error: /line 3, expected 3 cells, got 2/,
  },
  { what: "a long line", content: "a,b\n1,2\n3,4,5\n", error: /line 3, expected 2 cells, got 3/ },
  {
    what: "a header without the name of row names",
    content: "a,b\nr1,1,2\nr2,3,4\n",
    error: /line 2, expected 2 cells, got 3 \(and 1 more near it\)/,
  },
  {
    what: "a cell that isn't a number",
    content: "a,b\n1,2\n3,4\n5,six\n",
    error: /line 4, column "b": expected a number, got "six"/,
  },
  {
    what: "bad cells and lines, taken for missing",
    content: "a,b\n1,2\n3,x\n5\n6,7,8\n",
    options: { invalid: "missing" },
    rows: [
      [1, 2],
      [3, null],
      [5, null],
      [6, 7],
    ],
  },
  {
    what: "missing cells of all kinds",
    content: "a,b\n1,\n?,2\nNA,3\nnan,4\n5,#N/A\nNULL,None\n",
    rows: [
      [1, null],
      [null, 2],
      [null, 3],
      [null, 4],
      [5, null],
      [null, null],
    ],
  },
  {
    what: "an empty column",
    content: "a,b\n1,\n2,\n",
    rows: [
      [1, null],
      [2, null],
    ],
  },
  {
    what: "a name twice",
    content: "a,b,a\n1,2,3\n",
    error: /different names, got "a" for columns 1 and 3/,
  },
  {
    what: "names that are blank",
    content: "a,,\n1,2,3\n",
    rows: [[1, 2, 3]],
    names: ["a", "column 2", "column 3"],
  },
  {
    what: "no header",
    content: "1,2\n3,4\n",
    rows: [
      [1, 2],
      [3, 4],
    ],
    names: ["column 1", "column 2"],
    summary: /No line of names/,
  },
  {
    what: "years as names, told",
    content: "id,2019,2020\nx,1,2\n",
    options: { header: true },
    rows: [["x", 1, 2]],
    names: ["id", "2019", "2020"],
  },
  { what: "one column", content: "a\n1\n2\n\n", rows: [[1], [2]] },
  { what: "one column in quotes", content: '"a"\n"1"\n""\n"2"', rows: [[1], [2]] },
  {
    what: "a quote that isn't closed",
    content: 'a,b\n1,"2\n3,4\n',
    error: /line 2: expected the end of a cell that begins with a quote/,
  },
  {
    what: "text after a quote",
    content: 'a,b\n1,2\n"3"x,4\n',
    error: /line 3: expected a separator after a cell in quotes/,
  },
  {
    what: "text after a quote, in a row beyond the limit",
    content: `a,b\n1,2\n"3"x,4\n${long}`,
    options: { maxRow: 1 << 18 },
    error: /line 3: expected a separator after a cell in quotes/,
  },
  {
    what: "quotes within a cell",
    content: 'a,b\n5" pipe,1\n"say ""so""",2\n',
    rows: [
      ['5" pipe', 1],
      ['say "so"', 2],
    ],
  },
  {
    what: "lines within quotes, counted",
    content: 'a,b\n"x\ny\nz",1\n\n"u",two\nv,3\nw,4\n',
    error: /line 6, column "b": expected a number, got "two"/,
  },
  {
    what: "a NUL byte",
    content: "a,b\n1,2\n3,\x004\n",
    error: /line 3: expected text, got a NUL byte/,
  },
  { what: "only zeros", content: "\0".repeat(100), error: /line 1: expected text, got a NUL byte/ },
  {
    what: "UTF-8 with a mark",
    content: joined(ascii("\xef\xbb\xbf"), utf8("ä,b\n1,2\n")),
    rows: [[1, 2]],
    names: ["ä", "b"],
    summary: /utf-8, by its byte-order mark/,
  },
  {
    what: "UTF-16, little end first, with a mark",
    content: joined(ascii("\xff\xfe"), utf16("ä,b\n1,2\n", "little")),
    rows: [[1, 2]],
    names: ["ä", "b"],
    summary: /utf-16le, by its byte-order mark/,
  },
  {
    what: "UTF-16, big end first, with a mark",
    content: joined(ascii("\xfe\xff"), utf16("ä,b\n1,2\n", "big")),
    rows: [[1, 2]],
    names: ["ä", "b"],
    summary: /utf-16be/,
  },
  {
    what: "UTF-16 without a mark",
    content: utf16("a,b\n1,2\n", "little"),
    rows: [[1, 2]],
    names: ["a", "b"],
    summary: /utf-16le, by its zero bytes/,
  },
  {
    what: "UTF-16, big end first, without a mark",
    content: utf16("a,b\n1,2\n", "big"),
    rows: [[1, 2]],
    summary: /utf-16be, by its zero bytes/,
  },
  {
    what: "UTF-16 that ends within a letter",
    content: joined(ascii("\xff\xfe"), utf16("a,b\n1,2\n", "little"), ascii("3")),
    error: /line 3: expected text in utf-16le/,
  },
  {
    what: "UTF-32",
    content: ascii("\xff\xfe\0\0a\0\0\0"),
    error: /expected text, got text in UTF-32/,
  },
  {
    what: "Latin-1",
    content: "caf\xe9,b\n1,2\n",
    rows: [[1, 2]],
    names: ["café", "b"],
    summary: /windows-1252, as its beginning isn't UTF-8/,
  },
  {
    what: "UTF-8 that ends within a letter",
    content: "a,b\n1,caf\xc3",
    error: /line 2: expected text in utf-8/,
  },
  {
    what: "Latin-1 after 64 KB of ASCII",
    content: `a,b\n${"x,1\n".repeat(20_000)}\xe9,2\n`,
    error: /line 20002: expected text in utf-8, got bytes that it doesn't have/,
  },
  {
    what: "UTF-8 read as told",
    content: utf8("a\né\n"),
    options: { encoding: "windows-1252" },
    rows: [["Ã©"]],
  },
  {
    what: "decimal commas",
    content: "a;b\n1,5;-2,25e1\n,5;3\n",
    rows: [
      [1.5, -22.5],
      [0.5, 3],
    ],
    summary: /semicolons[^]*Decimal mark ","/,
  },
  { what: "decimal commas in quotes", content: 'a,b\n"1,5","2,25"\n', rows: [[1.5, 2.25]] },
  {
    what: "commas between thousands",
    content: 'a,b\n"1,234.5",1\n"1,234,567",2\n',
    rows: [
      [1234.5, 1],
      [1234567, 2],
    ],
    summary: /"," between thousands/,
  },
  {
    what: "points between thousands",
    content: "a;b\n1.234,5;1\n1.234.567,0;2\n",
    rows: [
      [1234.5, 1],
      [1234567, 2],
    ],
  },
  {
    what: "points that aren't between thousands",
    content: "a;b\n1.234,5;1\n1.234.567,0;2\n1.234e2;3\n1.234.56;4\n030.123.4567;5\n1.2345;6\n",
    options: { decimal: ",", thousands: ".", kinds: { a: "number" }, invalid: "missing" },
    rows: [
      [1234.5, 1],
      [1234567, 2],
      [123400, 3],
      [null, 4],
      [null, 5],
      [null, 6],
    ],
  },
  {
    what: "commas that aren't between thousands",
    content: 'a,b\n"1,234.5",1\n"1,234,567",2\n"1,234,56",3\n',
    error: /line 4, column "a": expected a number, got "1,234,56"/,
  },
  {
    what: "a comma that may be either, between commas",
    content: 'a,b\n"1,234",1\n',
    rows: [[1234, 1]],
  },
  {
    what: "a comma that may be either, between semicolons",
    content: "a;b\n1,234;1\n",
    rows: [[1.234, 1]],
    summary: /Decimal mark ","/,
  },
  {
    what: "a comma that may be either, told",
    content: "a;b\n1,234;1\n",
    options: { thousands: "," },
    rows: [[1234, 1]],
    summary: /Decimal mark "\.", with "," between thousands/,
  },
  {
    what: "a decimal comma among points",
    content: 'a,b\n1.5,1\n2.5,2\n"3,5",3\n',
    error: /line 4, column "a": expected a number, got "3,5"/,
  },
  {
    what: "a decimal point among commas",
    content: "a;b\n1,5;1\n2,5;2\n3.5;3\n",
    error: /line 4, column "a": expected a number, got "3.5"/,
  },
  { what: "tabs", content: "a\tb\n1\t2\n", rows: [[1, 2]], summary: /tabs/ },
  {
    what: "the separator in a line of its own",
    content: "sep=;\na;b\n1;x\n2;y\nz;3\n",
    error: /line 5, column "a": expected a number, got "z"/,
  },
  { what: "bars", content: "a|b\n1|2\n", rows: [[1, 2]] },
  {
    what: "blanks between numbers",
    content: "1.5 2\n3.5 4\n",
    error: /got numbers with blanks between/,
  },
  { what: "numbers as spreadsheets guard them", content: 'a,b\n="1",="007"\n', rows: [[1, 7]] },
  {
    what: "a formula",
    content: "a,b\n1,2\n=A2+1,3\n2,3\n",
    error: /line 3, column "a": expected a number, got "=A2\+1"/,
  },
  {
    what: "hexadecimal",
    content: "a\n1\n2\n0x1f\n",
    error: /line 4, column "a": expected a number, got "0x1f"/,
  },
  {
    what: "a number beyond float64",
    content: "a\n1\n1e999\n2\n",
    error: /line 3, column "a": expected a number, got "1e999"/,
  },
  {
    what: "infinities",
    content: "a\n1\ninf\n-Infinity\n2\n3\n",
    rows: [[1], [Infinity], [-Infinity], [2], [3]],
  },
  {
    what: "all digits of a float",
    content: "a\n0.1\n1e-320\n1.7976931348623157e308\n",
    rows: [[0.1], [1e-320], [Number.MAX_VALUE]],
  },
  {
    what: "a number of 19 digits",
    content: "id,b\n1234567890123456789,1\n5,2\n",
    rows: [
      [1234567890123456800, 1],
      [5, 2],
    ],
    warning: /line 2, column "id": "1234567890123456789" has more digits/,
  },
  {
    what: "a number of 19 digits as text",
    content: "id,b\n1234567890123456789,1\n",
    options: { kinds: { id: "text" } },
    rows: [["1234567890123456789", 1]],
  },
  {
    what: "dates",
    content: "d,t\n2024-02-29,2024-01-01T00:00:00+01:00\n1969-12-31,2024-01-01 12:30:15.25Z\n",
    rows: [
      [1709164800000, 1704063600000],
      [-86400000, 1704112215250],
    ],
  },
  {
    what: "30 February",
    content: "d\n2024-01-01\n2024-02-30\n2024-03-01\n",
    error: /line 3, column "d": expected a date.*got "2024-02-30"/,
  },
  { what: "booleans", content: "a\ntrue\nFALSE\n\nTrue\n", rows: [[1], [0], [1]] },
  {
    what: "a number among booleans",
    content: "a\ntrue\nfalse\n1\n",
    error: /line 4, column "a": expected true or false, got "1"/,
  },
  {
    what: "a cell of 1 MB",
    content: `a,b\n${long},1\n"${long}\n",2\n`,
    rows: [
      [long, 1],
      [`${long}\n`, 2],
    ],
  },
  {
    what: "a number of 1 MB",
    content: `a,b\n1,2\n3,4\n${long},1\n`,
    error: /line 4, column "a": expected a number, got "x{40}\.\.\." \(1048576 letters\)/,
  },
  {
    what: "a row beyond the limit",
    content: `a,b\n1,"${long}${long}`,
    options: { maxRow: 1 << 20 },
    error: /line 2: expected a row of at most 1048576 letters/,
  },
  {
    what: "lines that end in CR",
    content: "a,b\r1,2\r3,4",
    rows: [
      [1, 2],
      [3, 4],
    ],
  },
  {
    what: "lines that end in CR LF or LF",
    content: "a,b\r\n1,2\n3,4\r\n",
    rows: [
      [1, 2],
      [3, 4],
    ],
  },
  {
    what: "70,000 columns",
    content: ",".repeat(70_000),
    options: { header: false },
    error: /at most 65536 columns, got 70001/,
  },
  {
    what: "names of objects' own",
    content: "__proto__,constructor\n1,2\n",
    rows: [[1, 2]],
    names: ["__proto__", "constructor"],
  },
  {
    what: "an Excel file",
    content: "PK\x03\x04rest",
    error: /expected text, got a zip or Excel file; save the sheet as CSV/,
  },
  { what: "a PNG", content: "\x89PNG\r\n\x1a\nrest", error: /expected text, got a picture/ },
  {
    what: "Parquet by another name",
    content: "PAR1rest",
    error: /expected text, got a Parquet file/,
  },
  {
    what: "a column that isn't there",
    content: "age,b\n1,2\n",
    options: { kinds: { aga: "text" } },
    error: /expected one of age, b, got "aga"; did you mean "age"/,
  },
  {
    what: "an option of another format",
    content: "a\n1\n",
    options: { arrays: ["x"] },
    error: /openCsv: expected options of/,
  },
  {
    what: "chunks of no rows",
    content: "a\n1\n",
    options: { chunkRows: 0 },
    error: /openCsv: expected chunkRows to be a whole number of at least 1, got 0/,
  },
  {
    what: "a line's end between cells",
    content: "a\n1\n",
    options: { separator: "\n" },
    error: /expected a separator of one letter.*got "\\n"/,
  },
  {
    what: "a text in place of a list of missing cells",
    content: "a\n1\n",
    options: { missing: "NA" as unknown as string[] },
    error: /openCsv: missing: expected a list, got the text "NA"/,
  },
  {
    what: "one mark for two ends",
    content: "a\n1\n",
    options: { decimal: ",", thousands: "," },
    error: /got , ,, twice the same/,
  },
  { what: "gzip", file: "t.csv.gz", content: zipped("a,b\n1,2\n"), rows: [[1, 2]] },
  { what: "gzip under another name", content: zipped("a,b\n1,2\n"), rows: [[1, 2]] },
  {
    what: "two gzip files in one",
    file: "t.csv.gz",
    content: joined(zipped("a,b\n1,2\n"), zipped("3,4\n")),
    rows: [
      [1, 2],
      [3, 4],
    ],
  },
  {
    what: "a truncated gzip file",
    file: "t.csv.gz",
    content: zipped(`a,b\n${"1,2\n".repeat(100)}`).subarray(0, 30),
    error: /t\.csv\.gz: expected a whole gzip file/,
  },
  {
    what: "a gzip file whose checksum is wrong",
    file: "t.csv.gz",
    content: zipped("a,b\n1,2\n").map((byte, at, all) => (at === all.length - 6 ? byte ^ 1 : byte)),
    error: /expected a whole gzip file/,
  },
  {
    what: "a gzip file of one endless line",
    file: "t.csv.gz",
    content: new Uint8Array(gzipSync(Buffer.alloc(1 << 26, "x"))),
    options: { maxRow: 1 << 22 },
    error: /line 1: expected a row of at most 4194304 letters/,
  },
];

const json: readonly Case[] = [
  { what: "an empty file", content: "", error: /got an empty file/ },
  {
    what: "records on lines",
    content: '{"a":1,"b":"x"}\n\n{"b":null,"a":2.5}\n',
    rows: [
      [1, "x"],
      [2.5, null],
    ],
    names: ["a", "b"],
  },
  {
    what: "an array of records",
    content: '[\n {"a": 1, "b": "x,]}"},\n {"a": 2}\n]\n',
    rows: [
      [1, "x,]}"],
      [2, null],
    ],
    summary: /An array of records/,
  },
  {
    what: "a truncated line",
    content: '{"a":1}\n{"a":\n{"a":3}\n',
    error: /line 2: expected a JSON object/,
  },
  {
    what: "text in a column of numbers",
    content: '{"a":1}\n{"a":2}\n{"a":"3"}\n',
    error: /line 3, column "a": expected a number, got the text "3"/,
  },
  {
    what: "a number in a column of text",
    content: '{"a":"x"}\n{"a":"y"}\n{"a":3}\n',
    error: /line 3, column "a": expected text, got 3/,
  },
  {
    what: "text in a column of numbers, in an array",
    content: '[{"a":1},\n{"a":2},\n\n{"a":true}]',
    error: /line 4, column "a": expected a number, got true/,
  },
  {
    what: "objects and arrays within",
    content: '{"a":{"x":1,"y":[2,3]}}\n',
    rows: [[1, 2, 3]],
    names: ["a.x", "a.y.0", "a.y.1"],
  },
  {
    what: "five levels",
    content: '{"a":{"b":{"c":{"d":{"e":1}}}}}\n',
    error: /line 1, column "a\.b\.c\.d": expected at most 4 levels/,
  },
  {
    what: "a hundred thousand levels",
    content: `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
    error: /line 1.*expected at most 4 levels/,
  },
  {
    what: "a million brackets",
    content: "[".repeat(1_000_000),
    error: /line 1: expected the end of the array/,
  },
  {
    what: "rows without names",
    content: "[1,2]\n[3,4]\n",
    error:
      /line 2: expected the end of the file after its array, got "\["; write one array of objects/,
  },
  {
    what: "an array that doesn't end",
    content: '[{"a":1},{"a":2}',
    error: /line 1: expected the end of the array/,
  },
  {
    what: "text after the array",
    content: '[{"a":1}]\n{"a":2}\n',
    error: /line 2: expected the end of the file after its array, got "{"/,
  },
  { what: "an array without records", content: "[]", error: /expected records, got none/ },
  { what: "a comma too many", content: '[{"a":1},]', error: /line 1: expected a JSON object/ },
  { what: "NaN", content: '{"a":1}\n{"a":NaN}\n', error: /line 2: expected a JSON object/ },
  {
    what: "a name twice by its dots",
    content: '{"a.b":1,"a":{"b":2}}\n',
    error: /line 1, column "a\.b": expected a name/,
  },
  {
    what: "a number of 19 digits",
    content: '{"id":1234567890123456789}\n',
    rows: [[1234567890123456800]],
    warning: /line 1, column "id".*; if it's a name, save it as text/,
  },
  {
    what: "dates and booleans",
    content: '{"t":"2024-01-01","b":true}\n',
    rows: [[1704067200000, 1]],
  },
  {
    what: "a name of objects' own",
    content: '{"__proto__":1}\n',
    rows: [[1]],
    names: ["__proto__"],
  },
  {
    what: "a new name after the sample",
    content: `${'{"a":1}\n'.repeat(60_000)}{"a":1,"b":2}\n`,
    error: /line 60001, column "b": expected a name of the first records/,
  },
  { what: "a byte-order mark", content: '\xef\xbb\xbf{"a":1}\n', rows: [[1]] },
  { what: "Latin-1", content: '{"a":"caf\xe9"}\n', rows: [["café"]], summary: /windows-1252/ },
];

check("A CSV file with", "table.csv", csv);
check("A JSON file with", "table.jsonl", json);
