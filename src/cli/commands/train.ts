import { join } from "node:path";
import { Option, type Command } from "commander";
import { UsageError } from "../../errors.js";
import { activationNames } from "../../nn/index.js";
import { presets } from "../../train/presets/index.js";
import { configure, workersConfig, type Overrides } from "../configuration.js";
import { dataSource } from "../examples.js";
import { evaluationText } from "../evaluation.js";
import {
  betweenZeroAndOne,
  positiveNumber,
  wholeFrom,
  withJson,
  withThreads,
  workersOption,
} from "../options.js";
import type { ResultOptions } from "../options.js";
import { perform } from "../perform.js";
import { reconstructionText } from "../reconstruction.js";
import { createRun, readCheckpoint, readRunConfig, RunFolder } from "../run-folder.js";
import type { Terminal } from "../terminal.js";
import { prepare, train, type Outcome } from "../training.js";

interface TrainOptions extends Omit<Overrides, "dataDir">, ResultOptions {
  readonly dataDir?: string;
  readonly out?: string;
  readonly resume?: string;
}

/** Options that may go with `--resume`. */
const onResume: readonly string[] = ["resume", "dataDir", "threads", "device", "workers", "json"];

export function addTrain(program: Command): void {
  const command = program
    .command("train")
    .description("train a preset, or go on with a run")
    .argument("[preset]", `one of: ${Object.keys(presets).join(", ")}`)
    .optionsGroup("Simple options:")
    .option("--data-dir <dir>", "folder of the data sets (default: data)")
    .option("--out <dir>", "folder of the run (default: runs/PRESET)")
    .option("--resume <dir>", "go on with the run in this folder, bit for bit")
    .option("--steps <n>", "training steps (default: the preset's)", wholeFrom(1));
  withJson(withThreads(command))
    .optionsGroup("Advanced options:")
    .option(
      "--workers <n>",
      "parts of each batch, on threads of their own, or auto: 1, or as many as threads if that is faster (default: auto)",
      workersOption,
    )
    .option("--data <name>", "other data of the same shape (default: the preset's)")
    .option("--batch-size <n>", "examples a step (default: the preset's)", wholeFrom(1))
    .option("--lr <rate>", "learning rate after warm-up (default: the preset's)", positiveNumber)
    .option("--c <bound>", "Lipschitz bound of each layer, 0 < c < 1", betweenZeroAndOne)
    .addOption(new Option("--vanilla", "no Lipschitz bound: no guaranteed inverse").conflicts("c"))
    .addOption(new Option("--activation <name>", "activation").choices(activationNames()))
    .option("--seed <n>", "decides all randomness (default: the preset's)", wholeFrom(0))
    .option("--validate-every <n>", "steps between validations (default: a 10th)", wholeFrom(1))
    .option("--checkpoint-every <n>", "steps between checkpoints (default: 250)", wholeFrom(1))
    .addHelpText(
      "after",
      `
Examples:
  iresnet train mnist-classifier --data-dir data
  iresnet train mnist-classifier --c 0.5 --out runs/c-0.5
  iresnet train toy --data moons --out runs/moons
  iresnet train --resume runs/mnist-classifier

The run's folder gets config.json, metrics.jsonl, checkpoint.safetensors (the newest state),
best.safetensors (the best on validation data), pictures and report.html. Ctrl-C saves the run
and ends it; the resumed run is the same, bit for bit, on as many threads and workers.`,
    )
    .action((preset: string | undefined, options: TrainOptions) =>
      perform(options, (terminal) =>
        options.resume === undefined
          ? start(terminal, preset, options)
          : resume(terminal, options.resume, preset, options),
      ),
    );
}

async function start(
  terminal: Terminal,
  preset: string | undefined,
  { out, dataDir = "data", ...options }: TrainOptions,
): Promise<void> {
  if (preset === undefined) {
    throw new UsageError(
      `train: expected a preset, one of ${Object.keys(presets).join(", ")}, or --resume, got neither`,
    );
  }
  const config = configure(preset, { ...options, dataDir });
  const prepared = await prepare(config);
  const folder = await createRun(out ?? join("runs", config.preset), config);
  await train(prepared, { folder, terminal }, { show: printing(terminal, folder) });
}

async function resume(
  terminal: Terminal,
  path: string,
  preset: string | undefined,
  options: TrainOptions,
): Promise<void> {
  const other = preset ?? Object.keys(options).find((option) => !onResume.includes(option));
  if (other !== undefined) {
    throw new UsageError(
      `--resume: expected no preset and no option but --data-dir, --threads, --device, --workers and --json, got ${other}; a run goes on as it began`,
    );
  }
  const { dataDir, threads, device, workers } = options;
  const folder = new RunFolder(path);
  const { workers: before, ...saved } = await readRunConfig(folder);
  const hasBegun = saved.engine !== undefined;
  const config = {
    ...saved,
    ...(threads !== undefined && { threads }),
    ...(device && { device }),
    ...workersConfig(workers ?? before ?? (hasBegun ? 1 : "auto")),
    data: dataSource(saved.data, dataDir),
  };
  const checkpoint = await readCheckpoint(folder, config);
  terminal.note(`going on from step ${checkpoint?.training?.step ?? 0}`);
  const prepared = await prepare(config);
  const show = printing(terminal, folder);
  await train(prepared, { folder, terminal }, { show, ...(checkpoint && { resume: checkpoint }) });
}

/** Prints what comes of a run. */
function printing(terminal: Terminal, { path, report }: RunFolder): (outcome: Outcome) => void {
  return (outcome) => {
    const { evaluation, reconstruction } = outcome;
    terminal.result(
      { run: path, report, ...outcome },
      [
        evaluationText(evaluation),
        reconstruction ? reconstructionText(reconstruction) : "This model has no inverse.",
        `Report: ${report}`,
      ].join("\n\n"),
    );
  };
}
