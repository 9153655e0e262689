import { DataError } from "../../errors.js";
import { peek } from "./gunzip.js";
import type { ByteSource } from "./source.js";

/** Encodings of text that are read. */
export const textEncodings = ["utf-8", "utf-16le", "utf-16be", "windows-1252"] as const;

export type TextEncoding = (typeof textEncodings)[number];

/** A source as text. */
export interface TextSource {
  readonly name: string;
  /** What was detected, as a sentence. */
  readonly summary: string;
  /** Pieces of text in order, with `\n` for every line's end and without a byte-order mark. */
  chunks(): AsyncGenerator<string>;
}

/** Bytes from which an encoding is detected. */
const sampleSize = 1 << 16;

/**
 * A source as text: by its byte-order mark, else UTF-16 if every other byte of its beginning is 0,
 * else UTF-8 if its beginning is, else Windows-1252, of which Latin-1 is a part.
 *
 * @param encoding instead of the detected one
 * @throws {DataError} naming the line of bytes that the encoding doesn't have, and of NUL.
 * @see https://encoding.spec.whatwg.org/
 */
export async function textSource(source: ByteSource, encoding?: TextEncoding): Promise<TextSource> {
  const { source: whole, head, close } = await peek(source, sampleSize);
  try {
    expectText(source.name, head);
    const found = encoding ? { encoding, why: "as told" } : detect(source.name, head);
    return {
      name: source.name,
      summary: `Encoding ${found.encoding}, ${found.why}.`,
      chunks: () => decoded(whole, found.encoding),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Files that users take for text, by their first bytes. */
const binaries: readonly (readonly [magic: string, what: string, remedy: string])[] = [
  ["PK\x03\x04", "a zip or Excel file", "save the sheet as CSV, or unzip the file"],
  ["\xd0\xcf\x11\xe0", "an old Excel file", "save the sheet as CSV"],
  ["PAR1", "a Parquet file", "name it .parquet"],
  ["\x93NUMPY", "a NumPy file", "name it .npy"],
  ["\x89PNG", "a picture", "name the folder of pictures"],
  ["SQLite", "a database", "export the table as CSV"],
  ["%PDF", "a PDF", "save the table as CSV"],
  ["\xff\xfe\0\0", "text in UTF-32", "save it as UTF-8"],
  ["\0\0\xfe\xff", "text in UTF-32", "save it as UTF-8"],
];

function expectText(name: string, head: Uint8Array): void {
  const first = String.fromCharCode(...head.subarray(0, 8));
  for (const [magic, what, remedy] of binaries) {
    if (!first.startsWith(magic)) continue;
    throw new DataError(`${name}: expected text, got ${what}; ${remedy}`, { name });
  }
}

function detect(name: string, head: Uint8Array): { encoding: TextEncoding; why: string } {
  if (head.length === 0) {
    throw new DataError(`${name}: expected rows, got an empty file; check the file`, { name });
  }
  const marked = "by its byte-order mark";
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) {
    return { encoding: "utf-8", why: marked };
  }
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: "utf-16le", why: marked };
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: "utf-16be", why: marked };
  const zeros = [0, 0];
  head.forEach((byte, at) => {
    if (byte === 0) zeros[at % 2]! += 1;
  });
  const many = 0.4 * (head.length / 2);
  if (zeros[1]! > many && zeros[0]! <= many) {
    return { encoding: "utf-16le", why: "by its zero bytes" };
  }
  if (zeros[0]! > many && zeros[1]! <= many) {
    return { encoding: "utf-16be", why: "by its zero bytes" };
  }
  return isUtf8(head)
    ? { encoding: "utf-8", why: "as its beginning is" }
    : { encoding: "windows-1252", why: "as its beginning isn't UTF-8" };
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

async function* decoded(source: ByteSource, encoding: TextEncoding): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let line = 1;
  let returned = false;
  const decode = (bytes: Uint8Array, stream: boolean): string => {
    let text: string;
    try {
      text = decoder.decode(bytes, { stream });
    } catch (error) {
      throw new DataError(
        `${source.name}: line ${line + linesBefore(bytes, encoding)}: expected text in ${encoding}, got bytes that it doesn't have; save the file as UTF-8, or say which encoding it has`,
        { name: source.name, cause: error },
      );
    }
    // A line's end may lie across two pieces.
    if (returned) text = `\r${text}`;
    returned = stream && text.endsWith("\r");
    if (returned) text = text.slice(0, -1);
    if (text.includes("\r")) text = text.replace(/\r\n?/g, "\n");
    const nul = text.indexOf("\0");
    if (nul >= 0) {
      throw new DataError(
        `${source.name}: line ${line + newlines(text.slice(0, nul))}: expected text, got a NUL byte; the file is binary or damaged: save it as text again`,
        { name: source.name },
      );
    }
    line += newlines(text);
    return text;
  };
  for await (const bytes of source.stream()) {
    const text = decode(bytes, true);
    if (text.length > 0) yield text;
  }
  const rest = decode(new Uint8Array(0), false);
  if (rest.length > 0) yield rest;
}

/** How many lines end before the first bytes of a piece that the encoding doesn't have. */
function linesBefore(bytes: Uint8Array, encoding: TextEncoding): number {
  // A letter of UTF-8 may have begun in the piece before.
  const start = encoding === "utf-8" ? bytes.findIndex((byte) => byte >> 6 !== 0b10) : 0;
  const lenient = new TextDecoder(encoding);
  const text = lenient.decode(bytes.subarray(Math.max(0, start)), { stream: true });
  const at = text.indexOf("\ufffd");
  return at < 0 ? 0 : newlines(text.slice(0, at));
}

/** How often `\n` is in the text. */
export function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
