import { Argument, type Command } from "commander";
import { imageSetNames } from "../../data/index.js";
import { presets } from "../../train/presets/index.js";
import { completionScript, shells, type Shell } from "../completion.js";

export function addCompletion(program: Command): void {
  program
    .command("completion")
    .description("print a script that completes commands in a shell")
    .addArgument(new Argument("<shell>", "where").choices(shells))
    .addHelpText(
      "after",
      `
Examples:
  eval "$(iresnet completion bash)"                      in ~/.bashrc
  eval "$(iresnet completion zsh)"                       in ~/.zshrc, after compinit
  iresnet completion fish | source                       in ~/.config/fish/config.fish`,
    )
    .action((shell: Shell) => {
      const words = { train: Object.keys(presets), "data get": imageSetNames };
      process.stdout.write(completionScript(program, shell, words));
    });
}
