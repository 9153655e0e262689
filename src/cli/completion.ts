import type { Command } from "commander";

/** Shells that commands can be completed in. */
export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** What may follow a command: its subcommands, the words of its argument, its options. */
interface Completed {
  /** Below `iresnet`, such as `data get`. */
  readonly path: string;
  readonly words: readonly string[];
  readonly options: readonly {
    readonly name: string;
    readonly description: string;
    readonly takesValue: boolean;
    /** Values to choose from; none where it takes a number or a path. */
    readonly choices: readonly string[];
  }[];
}

/**
 * A script for a shell that completes the commands of a program.
 * @param words what the arguments of a command may be, by its path, beside those it says itself
 */
export function completionScript(
  program: Command,
  shell: Shell,
  words: Readonly<Record<string, readonly string[]>>,
): string {
  const all = completed(program, [], words);
  switch (shell) {
    case "bash":
      return bash(program.name(), all);
    case "zsh":
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(program.name(), all)}`;
    case "fish":
      return fish(program.name(), all);
  }
}

function completed(
  command: Command,
  names: readonly string[],
  words: Readonly<Record<string, readonly string[]>>,
): Completed[] {
  const path = names.join(" ");
  const own: Completed = {
    path,
    words: [
      ...command.commands.map((sub) => sub.name()),
      ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
      ...(words[path] ?? []),
    ],
    options: command.options.map(({ long, short, description, required, argChoices }) => ({
      name: long ?? short!,
      description,
      takesValue: required,
      choices: argChoices ?? [],
    })),
  };
  return [own, ...command.commands.flatMap((sub) => completed(sub, [...names, sub.name()], words))];
}

/** The longest path that the words before the cursor begin with decides what may follow. */
function bash(name: string, all: readonly Completed[]): string {
  const longestFirst = [...all].sort((a, b) => b.path.length - a.path.length);
  const cases = longestFirst.map(({ path, words, options }) => {
    const values = options
      .filter(({ takesValue }) => takesValue)
      .map(({ name, choices }) => `        ${name}) words=${quoted(choices)};;`);
    const all = [...words, ...options.map((option) => option.name), "--help"];
    return [
      `    ${path === "" ? "*" : `"${path} "*`})`,
      '      case "$before" in',
      ...values,
      `        *) words=${quoted(all)};;`,
      "      esac;;",
    ].join("\n");
  });
  return `# Completion for ${name}: source this file, or eval "$(${name} completion bash)".
_${name}() {
  local line="\${COMP_WORDS[*]:1:COMP_CWORD-1} " word="\${COMP_WORDS[COMP_CWORD]}"
  local before="\${COMP_WORDS[COMP_CWORD-1]}" words
  case "$line" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _${name} ${name}
`;
}

function fish(name: string, all: readonly Completed[]): string {
  const lines = all.flatMap(({ path, words, options }) => {
    const names = path.split(" ").filter((part) => part !== "");
    const seen = names.map((part) => `__fish_seen_subcommand_from ${part}`).join("; and ");
    const when = path === "" ? "__fish_use_subcommand" : seen;
    const start = `complete -c ${name} -n ${quoted([when])}`;
    return [
      ...(words.length > 0 ? [`${start} -a ${quoted(words)}`] : []),
      ...options.map(({ name: option, description, takesValue, choices }) =>
        [
          start,
          option.startsWith("--") ? `-l ${option.slice(2)}` : `-s ${option.slice(1)}`,
          `-d ${quoted([description])}`,
          ...(takesValue ? [choices.length > 0 ? `-x -a ${quoted(choices)}` : "-r"] : []),
        ].join(" "),
      ),
    ];
  });
  return `# Completion for ${name}: ${name} completion fish | source\n${lines.join("\n")}\n`;
}

/** As one word of a shell. */
function quoted(words: readonly string[]): string {
  return `'${words.join(" ").replaceAll("'", "'\\''")}'`;
}
