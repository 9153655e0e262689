import { Help } from "commander";

/**
 * Text whose lines fit a width. Prose, which has no indented line and no heading, is wrapped anew,
 * paragraph by paragraph; other lines keep their places, and go on further in if they are too long.
 */
export function fitted(text: string, width: number): string {
  const end = text.endsWith("\n") ? "\n" : "";
  return (
    text
      .slice(0, text.length - end.length)
      .split("\n\n")
      .map((paragraph) =>
        /^ |:$/m.test(paragraph)
          ? fittedLines(paragraph, width)
          : wrapped(paragraph.replaceAll("\n", " "), width),
      )
      .join("\n\n") + end
  );
}

/** Lines that keep their places, and go on further in where they are wider than a width. */
export function fittedLines(text: string, width: number): string {
  return text
    .split("\n")
    .map((line) => hanging(line, width))
    .join("\n");
}

/** Names in as many columns as fit a width, in order from top to bottom. */
export function columns(names: readonly string[], width: number): string {
  const cell = Math.max(...names.map(({ length }) => length)) + 2;
  const count = Math.max(1, Math.floor((width - 2) / cell));
  const rows = Math.ceil(names.length / count);
  return Array.from({ length: rows }, (_, row) => {
    const cells = names.filter((_, i) => i % rows === row).map((name) => name.padEnd(cell));
    return `  ${cells.join("")}`.trimEnd();
  }).join("\n");
}

function wrapped(text: string, width: number): string {
  return new Help().boxWrap(text, width);
}

function hanging(line: string, width: number): string {
  if (line.length <= width) return line;
  const [indent] = /^ */.exec(line)!;
  const lines = wrapped(line.trim(), width - indent.length - 4).split("\n");
  return lines.map((part, i) => `${indent}${i === 0 ? "" : "    "}${part}`).join("\n");
}
