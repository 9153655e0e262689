import { Argument, type Command } from "commander";
import { ranges } from "../../border/ranges.js";
import { planText } from "../../reproduce/plan.js";
import { present } from "../../reproduce/present.js";
import { finishRows } from "../../reproduce/queue.js";
import { openPlan } from "../../reproduce/request.js";
import { reproductionNames, tasksOf, type ReproductionName } from "../../reproduce/tasks.js";
import { commandLine } from "../command-line.js";
import { anomalyName, reproduceTables } from "./reproduce-anomaly.js";
import { refuseForeign, reproduceIn } from "./reproduce-in.js";
import { oodName, reproduceImages } from "./reproduce-ood.js";
import {
  duration,
  names,
  pathArgument,
  wholeOption,
  withJson,
  withThreads,
  workersOption,
} from "../options.js";
import { perform } from "../perform.js";
import type { ReproduceOptions } from "./reproduce-options.js";
import type { Terminal } from "../terminal.js";

/** Examples, and what a person needs to know. */
const help = `
Examples:
  iresnet reproduce figure-toy --data moons --budget 5m
  iresnet reproduce table-classification --rows c-0.9,vanilla --budget 1h
  iresnet reproduce table-density --data ../sets --budget 3h --out runs/densities
  iresnet reproduce table-density --out runs/densities --resume
  iresnet reproduce table-anomaly --data tables
  iresnet reproduce figure-ood --data ../sets --budget 40m
  iresnet reproduce figure-ood --run runs/mnist-density

First each row's speed is measured, and the budget shared: a row gets at most its preset's steps,
and its schedule is shortened with them. As many rows train at once as there are threads, each on
one. The folder gets plan.json, a file for each finished row, its run, table.json,
pictures and report.html. Ctrl-C, or a crash, loses a minute at most.

table-anomaly has no budget. It takes each CSV file of a folder whose last column, or one named
outlier or label, is 1 for outliers and 0 for normal rows. Half of the normal rows train, and all
others are scored: by an i-ResNet, by nearest neighbours and by Mahalanobis distance.

figure-ood learns MNIST and Fashion-MNIST, as far as they are there, or the sets of --rows, and
tells their test images from those of other sets of the same size, by three scores.`;

export function addReproduce(program: Command): void {
  const command = program
    .command("reproduce")
    .description("train the rows of a paper's table or figure within a budget, and write it")
    .addArgument(
      new Argument("<name>", "table or figure").choices([
        ...reproductionNames,
        anomalyName,
        oodName,
      ]),
    )
    .optionsGroup("Simple options:")
    .option(
      "--data <name|dir>",
      "data set in ./data, or folder of data sets (default: mnist) or of CSV files",
    )
    .option("--rows <names>", "rows, separated by commas (default: all)", names)
    .option(
      "--budget <time>",
      "for training and evaluation, such as 90s or 1h30m (default: 30m)",
      duration,
    )
    .option("--out <dir>", "folder of the results (default: runs/NAME)", pathArgument)
    .option("--resume", "go on with what the folder has; the results are the same");
  withJson(withThreads(command))
    .optionsGroup("Advanced options:")
    .addOption(
      wholeOption(
        "--at-once <n>",
        "rows to train at once, each on one thread; 1: each on all (default: as many as threads)",
        ranges.atOnce,
      ),
    )
    .addOption(workersOption("as for train, on every row; needs --at-once 1"))
    .addOption(
      wholeOption("--seed <n>", "decides all randomness of every row (default: 0)", ranges.place),
    )
    .addOption(
      wholeOption("--splits <n>", "of each table, for table-anomaly (default: 5)", ranges.splits),
    )
    .addOption(
      wholeOption(
        "--steps <n>",
        "most steps of a training, for table-anomaly (default: the recipe's)",
        ranges.steps,
      ),
    )
    .option("--run <dir>", "run on an image set whose density is taken, for figure-ood")
    .addHelpText("after", help)
    .action(
      (name: ReproductionName | typeof anomalyName | typeof oodName, options: ReproduceOptions) =>
        perform(options, (terminal) => {
          if (name === oodName) return reproduceImages(terminal, options);
          return name === anomalyName
            ? reproduceTables(terminal, options)
            : reproduce(terminal, name, options);
        }),
    );
}

async function reproduce(
  terminal: Terminal,
  reproduction: ReproductionName,
  given: ReproduceOptions,
): Promise<void> {
  const reason = `${reproduction}, which trains each row by its preset and --budget`;
  refuseForeign(given, ["run", "splits", "steps"], reason);
  const { budget, out, resume = false, ...options } = given;
  const request = {
    reproduction,
    command: commandLine(),
    ...options,
    ...(budget !== undefined && { budgetSeconds: budget }),
  };
  tasksOf(reproduction, options); // an unknown row is a mistake before anything else
  await reproduceIn(terminal, out, {
    name: reproduction,
    open: async (folder) => {
      const plan = await openPlan(request, folder, { resume, listener: terminal });
      terminal.note(planText(plan));
      return plan;
    },
    finish: (plan, folder, watch) => finishRows(plan, tasksOf(reproduction, plan), folder, watch),
    present,
  });
}
