import { existsSync } from "node:fs";
import type { Command } from "commander";
import { ranges } from "../../border/ranges.js";
import { openData } from "../../data/files.js";
import { dataNames, type Split } from "../../data/index.js";
import { UsageError } from "../../errors.js";
import { choosingText, confusionText, evaluationText } from "../../runs/describe.js";
import { describeTableEvaluation } from "../../runs/describe-table-evaluation.js";
import { evaluateFile } from "../../runs/evaluate-file.js";
import { evaluateRun, saveEvaluation, saveUnlessReadOnly } from "../../runs/outcome.js";
import { writeReport } from "../../runs/report.js";
import { splitOf, withTrained, type Trained } from "../../runs/trained.js";
import { table } from "../../text.js";
import { sameShape } from "../../tree.js";
import { commandLine } from "../command-line.js";
import {
  pathArgument,
  runHelp,
  wholeOption,
  withJson,
  withSplit,
  withThreads,
} from "../options.js";
import type { EngineOptions, ResultOptions, SplitOptions } from "../options.js";
import { perform } from "../perform.js";
import { warnOfRows } from "../rows.js";
import type { Terminal } from "../terminal.js";

interface EvaluateOptions extends EngineOptions, ResultOptions, SplitOptions {
  readonly terms?: number;
  readonly probes?: number;
  readonly label?: string;
  readonly outlier?: string;
  readonly out?: string;
  readonly views?: boolean;
}

export function addEvaluate(program: Command): void {
  const command = program
    .command("evaluate")
    .description("measure a run's model on all of a split, or on other data")
    .argument("<run>", runHelp, pathArgument)
    .optionsGroup("Simple options:")
    .option(
      "--data <file|folder>",
      "other data: of a table's run a file of rows, of images a set by name, of pictures a folder, or a single one",
      pathArgument,
    )
    .option("--label <column>", "column of the file that marks outliers: gives AUROC and ROC curve")
    .option("--outlier <value>", "its value for outliers (default: 1, true, or the rarer of two)")
    .option(
      "--out <dir>",
      "where an evaluation of a file goes (default: a folder in the run's)",
      pathArgument,
    );
  command.option("--views", "of a classifier of images: the error by six views of each, too");
  withJson(withThreads(withSplit(command)))
    .optionsGroup("Advanced options, for densities:")
    .addOption(
      wholeOption(
        "--terms <n>",
        "terms of the log-determinant's series (default: enough to be off by 0.005 nats per dimension at most, up to 100; exact up to 16 dimensions)",
        ranges.terms,
      ),
    )
    .addOption(
      wholeOption(
        "--probes <n>",
        "repetitions with other noise, 2 or more for its spread (default: 1)",
        ranges.probes,
      ),
    )
    .addHelpText(
      "after",
      `
Examples:
  iresnet evaluate runs/mnist-classifier
  iresnet evaluate runs/cifar-10-classifier --views
  iresnet evaluate runs/mnist-density --terms 20 --probes 3 --json
  iresnet evaluate runs/mnist-density --data fashion-mnist
  iresnet evaluate runs/my --data labelled.csv --label outlier
  iresnet evaluate pretrained/mnist-classifier --data-dir data
  iresnet evaluate runs/pictures --data other-pictures

A classifier: error in % and mean negative log-likelihood in nats; with --views also those of the
mean logits over six views of each image, mirrored and moved by a pixel. A density: bits/dim (nats for
vectors) with its standard error, its spread over probes, and a bound on the truncation bias. A
hybrid: all of that, and the sum that training minimises. A table's run on a file of rows: flagged rows
and AUROC of a density, error, confusions and calibration of a classifier whose classes the file has.`,
    )
    .action((run: string, options: EvaluateOptions) =>
      perform(options, (terminal) => evaluate(terminal, run, options)),
    );
}

async function evaluate(terminal: Terminal, path: string, options: EvaluateOptions): Promise<void> {
  const { threads, device, terms, probes } = options;
  await withTrained(path, { threads, device }, async (trained) => {
    const { run, runner } = trained;
    const other = options.data;
    if (other !== undefined && runner.data?.table) {
      return evaluateRows(terminal, trained, other, options);
    }
    expectNoRows(options, other);
    const split =
      other === undefined || run.config.pictures || isPath(other)
        ? await splitOf(trained, options, {
            isLabelled: runner.model.classifier !== undefined,
            listener: terminal,
          })
        : await otherSplit(trained, other, options);
    const evaluation = await evaluateRun(runner, split, terminal, {
      ...(terms !== undefined && { terms }),
      ...(probes !== undefined && { probes }),
      ...(options.views && { views: true }),
    });
    const results = {
      checkpoint: run.file,
      ...(other !== undefined && { data: other }),
      ...evaluation,
    };
    const chosen = other === undefined ? choosingText(run.config.table, evaluation) : undefined;
    const parts = [`checkpoint: ${run.file}\n${evaluationText(evaluation)}`, chosen];
    terminal.result(results, parts.filter((part) => part !== undefined).join("\n\n"));
    const { folder } = run;
    if (other !== undefined || !folder) return;
    await saveUnlessReadOnly(terminal, async () => {
      await saveEvaluation(folder, evaluation);
      await writeReport(folder);
    });
  });
}

/** Measures a table's run on a file of rows. */
async function evaluateRows(
  terminal: Terminal,
  trained: Trained,
  file: string,
  { label, outlier, out, terms, probes, views, split, dataDir }: EvaluateOptions,
): Promise<void> {
  if ((terms ?? probes ?? views ?? split ?? dataDir) !== undefined) {
    throw new UsageError(
      "evaluate: expected no --terms, --probes, --views, --split or --data-dir beside a file of rows, got one; leave them out",
    );
  }
  const options = {
    ...(label !== undefined && { label }),
    ...(outlier !== undefined && { outlier }),
  };
  const { evaluation, report } = await evaluateFile(
    trained,
    { file, out, command: commandLine(), ...options },
    terminal,
  );
  warnOfRows(terminal, file, evaluation, trained.runner.data);
  const confusion = evaluation.classification && confusionText(evaluation.classification);
  const parts = [table(describeTableEvaluation(evaluation).rows), confusion, `Report: ${report}`];
  terminal.result(
    { checkpoint: trained.run.file, data: file, report, ...evaluation },
    parts.filter((part) => part !== undefined).join("\n\n"),
  );
}

/** @throws {UsageError} if an option is one of files of rows, which there is none of. */
function expectNoRows({ label, outlier, out }: EvaluateOptions, data: string | undefined): void {
  const given = Object.entries({ label, outlier, out }).find(([, value]) => value !== undefined);
  if (!given) return;
  const got = data === undefined ? "no --data" : "a run that isn't on a table";
  throw new UsageError(
    `--${given[0]}: expected a run on a table and --data FILE, got ${got}; name a file of rows`,
  );
}

/** Whether `--data` names files rather than a data set that is known by name. */
function isPath(data: string): boolean {
  return !dataNames().includes(data) && existsSync(data);
}

/** A split of another image set, of images as the run's are. */
async function otherSplit(
  { run, runner }: Trained,
  name: string,
  { split, dataDir }: EvaluateOptions,
): Promise<Split> {
  const set = await openData(name, { folder: dataDir ?? run.config.data.folder });
  const { shape } = runner.model;
  const isAlike = sameShape(set.shape, shape) && set.pixels === runner.model.pixels;
  const classes = runner.model.classifier ? (runner.data?.classes.length ?? 0) : set.classes.length;
  if (isAlike && classes === set.classes.length) return set.split(split ?? "test");
  throw new UsageError(
    `--data: expected examples of shape [${shape}] and ${classes} classes as in training, got [${set.shape}] and ${set.classes.length} of ${name}; choose another set`,
    { name },
  );
}
