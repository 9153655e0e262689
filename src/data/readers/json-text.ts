import { DataError } from "../../errors.js";

/** A record as text, and the line that it begins on. */
export interface JsonRecord {
  readonly line: number;
  readonly text: string;
}

/** Lines that aren't blank. */
export async function* jsonLines(
  name: string,
  pieces: AsyncIterable<string>,
  maxRow: number,
): AsyncGenerator<readonly JsonRecord[]> {
  let line = 0;
  let rest = "";
  for await (const piece of pieces) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop()!;
    if (rest.length > maxRow) throw tooLong(name, line + lines.length + 1, maxRow);
    yield lines.map((text) => ({ line: ++line, text })).filter(({ text }) => text.trim() !== "");
  }
  if (rest.trim() !== "") yield [{ line: line + 1, text: rest }];
}

/**
 * The elements of one array, which may spread over lines: the text between the commas of its first
 * level. Elements are cut off, not checked.
 *
 * @throws {DataError} if the array doesn't end, or something follows it.
 */
export async function* jsonElements(
  name: string,
  pieces: AsyncIterable<string>,
  maxRow: number,
): AsyncGenerator<readonly JsonRecord[]> {
  const scan = new ElementScan(name);
  for await (const piece of pieces) {
    yield scan.take(piece);
    if (scan.waiting > maxRow) throw tooLong(name, scan.line, maxRow);
  }
  scan.end();
}

/** Follows an array by its brackets and quotes. */
class ElementScan {
  line = 1;
  /** Brackets that are open. */
  private depth = 0;
  private quoted = false;
  private escaped = false;
  private done = false;
  private first = true;
  private text = "";
  private start = 1;

  private readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  get waiting(): number {
    return this.text.length;
  }

  take(piece: string): JsonRecord[] {
    const records: JsonRecord[] = [];
    let from = 0;
    for (let at = 0; at < piece.length; at++) {
      const letter = piece[at]!;
      if (letter === "\n") this.line++;
      if (this.quoted) {
        if (this.escaped) this.escaped = false;
        else if (letter === "\\") this.escaped = true;
        else if (letter === '"') this.quoted = false;
        continue;
      }
      if (this.done && letter.trim() !== "")
        this.fail("the end of the file after its array", `"${letter}"`);
      if (letter === '"') this.quoted = true;
      else if (letter === "[" || letter === "{") {
        this.depth++;
        if (this.depth === 1) [from, this.start] = [at + 1, this.line];
      } else if (letter === "]" || letter === "}") {
        this.depth--;
        if (this.depth > 0) continue;
        this.text += piece.slice(from, at);
        if (!this.first || this.text.trim() !== "") records.push(this.cut());
        this.done = true;
      } else if (letter === "," && this.depth === 1) {
        this.text += piece.slice(from, at);
        from = at + 1;
        records.push(this.cut());
      }
    }
    if (!this.done) this.text += piece.slice(from);
    return records;
  }

  end(): void {
    if (!this.done) this.fail("the end of the array that the file is", "the end of the file");
  }

  private cut(): JsonRecord {
    const before = /^\s*/.exec(this.text)![0];
    const line = this.start + before.split("\n").length - 1;
    const record = { line, text: this.text };
    [this.text, this.start, this.first] = ["", this.line, false];
    return record;
  }

  private fail(expected: string, got: string): never {
    throw new DataError(
      `${this.name}: line ${this.line}: expected ${expected}, got ${got}; write one array of objects, or an object on each line`,
      { name: this.name },
    );
  }
}

function tooLong(name: string, line: number, maxRow: number): DataError {
  return new DataError(
    `${name}: line ${line}: expected a record of at most ${maxRow} letters, got more; check its brackets and quotes, or raise maxRow`,
    { name },
  );
}
