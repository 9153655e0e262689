import { existsSync } from "node:fs";
import type { Command } from "commander";
import { ranges } from "../../border/ranges.js";
import { toyNames } from "../../data/index.js";
import { configureFrom } from "../../runs/configuration.js";
import { prepareRun } from "../../runs/prepare.js";
import { createRun, type RunFolder } from "../../runs/run-folder.js";
import { trainRun, type Outcome } from "../../runs/train-run.js";
import { findPreset } from "../../train/presets/index.js";
import { formatNumber, table } from "../../text.js";
import { commandLine } from "../command-line.js";
import { finished } from "../interrupt.js";
import { pathArgument, wholeOption, withJson, withThreads } from "../options.js";
import type { EngineOptions, ResultOptions } from "../options.js";
import { perform } from "../perform.js";
import type { Terminal } from "../terminal.js";

interface DemoOptions extends EngineOptions, ResultOptions {
  readonly data?: string;
  readonly out?: string;
  readonly steps?: number;
  readonly seed?: number;
}

export function addDemo(program: Command): void {
  const command = program
    .command("demo")
    .description("train a density in two dimensions, and draw it")
    .option("--data <name>", `one of: ${toyNames.join(", ")} (default: 8gaussians)`)
    .option(
      "--out <dir>",
      "folder of the run (default: the first free of runs/demo, runs/demo-2 ...)",
      pathArgument,
    )
    .addOption(
      wholeOption("--steps <n>", "training steps (default: two minutes' worth)", ranges.steps),
    )
    .addOption(wholeOption("--seed <n>", "decides all randomness (default: 0)", ranges.place));
  withJson(withThreads(command)).action((options: DemoOptions) =>
    perform(options, (terminal) => demo(terminal, options)),
  );
}

async function demo(terminal: Terminal, { out, ...options }: DemoOptions): Promise<void> {
  // Its operations are too small to share: a second thread would only wait.
  const command = commandLine();
  const config = configureFrom(findPreset("toy"), {
    threads: 1,
    steps: 2000,
    command,
    ...options,
  });
  const prepared = await prepareRun(config);
  const folder = await createRun(out ?? freeFolder(), config);
  terminal.note(`Training an invertible residual network on ${config.data.name}.`);
  const picture = folder.picture("density.svg");
  const onOutcome = (outcome: Outcome): void => {
    terminal.result(
      { run: folder.path, picture, report: folder.report, ...outcome },
      summary(folder, picture, outcome),
    );
  };
  await finished(terminal, `iresnet train --resume ${folder.path}`, (signal) =>
    trainRun(prepared, { folder, listener: terminal }, { signal, onOutcome }),
  );
}

function summary(
  { report }: RunFolder,
  picture: string,
  { evaluation, reconstruction, plane }: Outcome,
): string {
  const likelihood = evaluation.task === "density" ? -evaluation.value : NaN;
  return table([
    ["held-out log-likelihood", `${formatNumber(likelihood)} nats`],
    ...(plane
      ? [
          [
            "integral of the density",
            `${plane.integral.toFixed(4)} over a square of side ${plane.side}`,
          ],
        ]
      : []),
    ...(reconstruction
      ? [
          [
            "largest inverse error",
            `${formatNumber(reconstruction.maxError)} ${reconstruction.unit}`,
          ],
        ]
      : []),
    ["picture", picture],
    ["report", report],
  ]);
}

function freeFolder(): string {
  for (let i = 1; ; i++) {
    const path = i === 1 ? "runs/demo" : `runs/demo-${i}`;
    if (!existsSync(path)) return path;
  }
}
