import { readdirSync, readFileSync } from "node:fs";

/** Where the repository is, seen from compiled tests. */
export const root = new URL("../../../", import.meta.url);

/** The README and all of docs/, by their paths. */
export const pages: readonly string[] = [
  "README.md",
  ...readdirSync(new URL("docs/", root))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

export function textOf(page: string): string {
  return readFileSync(new URL(page, root), "utf8");
}

/** A fenced block of code. */
export interface CodeBlock {
  /** Empty for a block that is no code. */
  readonly language: string;
  readonly code: string;
}

/** Blocks in the order of the page. */
export function blocksOf(page: string): CodeBlock[] {
  return [...textOf(page).matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language, code]) => ({
    language: language!,
    code: code!,
  }));
}

const separators = ["|", "&&", "&", "do"];

/** The commands of a block of shell, each as its words. */
export function commandsOf(code: string): string[][] {
  const lines = code.replaceAll("\\\n", " ").split("\n");
  return lines.flatMap((line) => {
    const commands: string[][] = [[]];
    for (const [, quoted, single, word] of line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)) {
      if (word?.startsWith("#")) break;
      if (word !== undefined && separators.includes(word)) commands.push([]);
      else commands.at(-1)!.push((quoted ?? single ?? word!).replace(/;$/, ""));
      if (word?.endsWith(";")) commands.push([]);
    }
    return commands.filter((words) => words.length > 0);
  });
}

/** The words of a command without its redirections. */
export function withoutRedirections(words: readonly string[]): string[] {
  const at = words.findIndex((word) => /^\d?[<>]/.test(word));
  return at < 0 ? [...words] : words.slice(0, at);
}
