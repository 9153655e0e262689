import { Option, type Command } from "commander";
import { ranges } from "../../border/ranges.js";
import { activationNames } from "../../nn/index.js";
import { presets } from "../../train/presets/index.js";
import { columns } from "../help.js";
import {
  pathArgument,
  realOption,
  share,
  wholeOption,
  withJson,
  withThreads,
  workersOption,
} from "../options.js";
import { perform } from "../perform.js";
import { asRank } from "../ranks.js";
import { withPictureOptions } from "../pictures.js";
import { withTableOptions } from "../table.js";
import { ofRank, train, type TrainOptions } from "../training.js";

export function addTrain(program: Command): void {
  const command = program
    .command("train")
    .description("train a preset, or on a table or pictures of your own, or go on with a run")
    .argument("[preset]", "one of those below")
    .optionsGroup("Simple options:")
    .option("--data-dir <dir>", "folder of the data sets (default: data)", pathArgument)
    .option(
      "--data <file|folder>",
      "rows to learn: CSV, JSON, NPZ, Parquet, - for standard input; or a folder of pictures, PNG, JPEG, WebP; beside a preset, the name of other data of the same shape",
    )
    .option(
      "--out <dir>",
      "folder of the run (default: runs/PRESET, or runs/ and the data's name)",
      pathArgument,
    )
    .option(
      "--resume <dir>",
      "go on with the run in this folder, bit for bit, or as a new stage with --steps or --lr",
      pathArgument,
    )
    .option(
      "--from <run>",
      "start from this run's numbers, or from those of a checkpoint in it",
      pathArgument,
    )
    .addOption(wholeOption("--steps <n>", "training steps (default: the preset's)", ranges.steps));
  withPictureOptions(withTableOptions(command));
  withJson(withThreads(command.optionsGroup("Advanced options:")))
    .addOption(
      workersOption(
        "parts of each batch, on threads of their own, or auto: 1, or as many as threads if that is faster (default: auto)",
      ),
    )
    .option(
      "--mpi",
      "take each step together with the other processes of mpirun, see docs/scale.md",
    )
    .addOption(
      wholeOption("--batch-size <n>", "examples a step (default: the preset's)", ranges.batchSize),
    )
    .addOption(
      realOption("--lr <rate>", "learning rate after warm-up (default: the preset's)", {
        text: "above 0 and at most 1000",
        has: (x) => x > 0 && x <= 1000,
      }),
    )
    .addOption(realOption("--c <bound>", "Lipschitz bound of each layer", share))
    .addOption(new Option("--vanilla", "no Lipschitz bound: no guaranteed inverse").conflicts("c"))
    .addOption(new Option("--activation <name>", "activation").choices(activationNames()))
    .addOption(
      wholeOption("--seed <n>", "decides all randomness (default: the preset's)", ranges.place),
    )
    .addOption(
      wholeOption(
        "--validate-every <n>",
        "steps between validations (default: a 10th)",
        ranges.steps,
      ),
    )
    .addOption(
      wholeOption(
        "--checkpoint-every <n>",
        "steps between checkpoints (default: 250)",
        ranges.steps,
      ),
    )
    .addHelpText("after", help())
    .action((preset: string | undefined, options: TrainOptions) =>
      perform(options, (terminal) =>
        options.mpi
          ? asRank(terminal, (mpi, shown) => train(shown, preset, ofRank(options), mpi))
          : train(terminal, preset, options),
      ),
    );
}

/** Examples, and what a person needs to know. */
function help(): string {
  return `
Examples:
  iresnet train mnist-classifier --data-dir data
  iresnet train mnist-classifier --c 0.5 --out runs/c-0.5
  iresnet train toy --data moons --out runs/moons
  iresnet train --data my.csv --ignore id,date
  iresnet train --data my.csv --label kind
  iresnet train --data my.csv --condition year,kind --model maf
  iresnet train --data pictures --size 32x32
  iresnet train --data pictures --model i-resnet-classifier
  iresnet train --resume runs/mnist-classifier
  mpirun -np 2 npx iresnet train mnist-density --mpi
  iresnet train --resume runs/mnist-classifier --steps 20000 --lr 1e-4
  iresnet train --from runs/mnist-classifier --data fashion-mnist --out runs/fashion

Presets:
${columns(Object.keys(presets), process.stdout.columns || 80)}

The subfolders of a folder of pictures are the classes of a classifier. Training ends once held-out
pictures haven't become more likely for a quarter of its steps.

The run's folder gets config.json, metrics.jsonl, checkpoint.safetensors (the newest state),
best.safetensors (the best on validation data), pictures and report.html. Ctrl-C saves the run
and ends it; the resumed run is the same, bit for bit, on as many threads and workers.

A table's checkpoint.safetensors is the best state itself. Its training first tries how much noise
smooths the rows; --steps counts those of the last training alone. Ctrl-C keeps the best model so
far, and such a run can't be resumed.`;
}
