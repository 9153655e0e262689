import type { Command } from "commander";
import { evaluationText } from "../../runs/describe.js";
import { evaluateRun, saveEvaluation } from "../../runs/outcome.js";
import { writeReport } from "../../runs/report.js";
import { splitOf, withTrained } from "../../runs/trained.js";
import { wholeFrom, withJson, withSplit, withThreads } from "../options.js";
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
    .argument("<run>", "folder of a run, or a checkpoint in it (default there: the best one)")
    .optionsGroup("Simple options:");
  withJson(withThreads(withSplit(command)))
    .optionsGroup("Advanced options, for densities:")
    .option(
      "--terms <n>",
      "terms of the log-determinant's series (default: enough to be off by 0.005 nats per dimension at most, up to 100; exact up to 16 dimensions)",
      wholeFrom(1),
    )
    .option(
      "--probes <n>",
      "repetitions with other noise, 2 or more for its spread (default: 1)",
      wholeFrom(1),
    )
    .addHelpText(
      "after",
      `
Examples:
  iresnet evaluate runs/mnist-classifier
  iresnet evaluate runs/mnist-density --terms 20 --probes 3 --json
  iresnet evaluate runs/pictures --data other-pictures

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
  { threads, device, terms, probes, ...choice }: EvaluateOptions,
): Promise<void> {
  await withTrained(path, { threads, device }, async (trained) => {
    const { run, runner } = trained;
    const isLabelled = runner.model.classifier !== undefined;
    const split = await splitOf(trained, choice, { isLabelled, listener: terminal });
    const evaluation = await evaluateRun(runner, split, terminal, {
      ...(terms !== undefined && { terms }),
      ...(probes !== undefined && { probes }),
    });
    const results = {
      checkpoint: run.file,
      ...(choice.data !== undefined && { data: choice.data }),
      ...evaluation,
    };
    terminal.result(results, `checkpoint: ${run.file}\n${evaluationText(evaluation)}`);
    if (choice.data !== undefined) return;
    await saveEvaluation(run.folder, evaluation);
    await writeReport(run.folder);
  });
}
