import type { Command } from "commander";
import { ranges } from "../../border/ranges.js";
import { evaluationText } from "../../runs/describe.js";
import { evaluateRun, saveEvaluation, saveUnlessReadOnly } from "../../runs/outcome.js";
import { writeReport } from "../../runs/report.js";
import { splitOf, withTrained } from "../../runs/trained.js";
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
import type { Terminal } from "../terminal.js";

interface EvaluateOptions extends EngineOptions, ResultOptions, SplitOptions {
  readonly terms?: number;
  readonly probes?: number;
}

export function addEvaluate(program: Command): void {
  const command = program
    .command("evaluate")
    .description("measure a run's model on all of a split")
    .argument("<run>", runHelp, pathArgument)
    .optionsGroup("Simple options:");
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
  iresnet evaluate runs/mnist-density --terms 20 --probes 3 --json

A classifier: error in % and mean negative log-likelihood in nats. A density: bits/dim (nats for
vectors) with its standard error, its spread over probes, and a bound on the truncation bias. A
hybrid: all of that, and the sum that training minimises.`,
    )
    .action((run: string, options: EvaluateOptions) =>
      perform(options, (terminal) => evaluate(terminal, run, options)),
    );
}

async function evaluate(
  terminal: Terminal,
  path: string,
  { split, dataDir, threads, device, terms, probes }: EvaluateOptions,
): Promise<void> {
  await withTrained(path, { threads, device }, async ({ run, runner }) => {
    const evaluation = await evaluateRun(runner, await splitOf(run, split, dataDir), terminal, {
      ...(terms !== undefined && { terms }),
      ...(probes !== undefined && { probes }),
    });
    const results = { checkpoint: run.file, ...evaluation };
    terminal.result(results, `checkpoint: ${run.file}\n${evaluationText(evaluation)}`);
    await saveUnlessReadOnly(terminal, async () => {
      await saveEvaluation(run.folder, evaluation);
      await writeReport(run.folder);
    });
  });
}
