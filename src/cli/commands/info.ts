import { existsSync } from "node:fs";
import type { Command } from "commander";
import { loadCheckpoint } from "../../checkpoint/checkpoint-file.js";
import type { TrainingState } from "../../checkpoint/checkpoint.js";
import { UsageError } from "../../errors.js";
import { modelDefinitions, plannedIterations } from "../../models/index.js";
import { withEngine } from "../../runs/engine.js";
import { counter } from "../../runs/listener.js";
import { withTrained } from "../../runs/trained.js";
import { formatDuration, formatNumber, table } from "../../text.js";
import { presets } from "../../train/presets/index.js";
import { version } from "../../version.js";
import { fittedLines } from "../help.js";
import { pathArgument, runHelp, withJson, withThreads } from "../options.js";
import type { EngineOptions, ResultOptions } from "../options.js";
import { perform } from "../perform.js";
import type { Terminal } from "../terminal.js";

interface InfoOptions extends EngineOptions, ResultOptions {
  readonly models?: boolean;
  readonly presets?: boolean;
}

/** What fixed-point iterations are planned for, relative to the first step. */
const accuracy = 1e-6;

export function addInfo(program: Command): void {
  const command = program
    .command("info")
    .description("describe this installation, or a run")
    .argument("[run]", runHelp, pathArgument)
    .option("--models", "list the models")
    .option("--presets", "list the presets");
  withJson(withThreads(command)).action((run: string | undefined, options: InfoOptions) =>
    perform(options, (terminal) => info(terminal, run, options)),
  );
}

async function info(
  terminal: Terminal,
  run: string | undefined,
  options: InfoOptions,
): Promise<void> {
  const asked = [run !== undefined, options.models, options.presets].filter(Boolean);
  if (asked.length > 1) {
    throw new UsageError("info: expected one of a run, --models and --presets, got several");
  }
  if (options.models) listModels(terminal);
  else if (options.presets) listPresets(terminal);
  else if (run === undefined) await describeInstallation(terminal, options);
  else await describeRun(terminal, run, options);
}

function listModels(terminal: Terminal): void {
  const list = modelDefinitions().map(({ kind, name, task, year, paper }) => ({
    kind,
    name,
    task,
    year,
    paper,
    presets: Object.values(presets)
      .filter(({ model }) => model.kind === kind)
      .map((preset) => preset.name),
  }));
  terminal.result(
    list,
    forScreen(table(list.map(({ kind, task, year, paper }) => [kind, task, String(year), paper]))),
  );
}

function listPresets(terminal: Terminal): void {
  const list = Object.values(presets);
  terminal.result(
    list,
    forScreen(table(list.map(({ name, data, description }) => [name, data, description]))),
  );
}

/** On a terminal lines fit its width; elsewhere programs read them. */
function forScreen(text: string): string {
  return fittedLines(text, process.stdout.columns || Infinity);
}

async function describeInstallation(terminal: Terminal, options: EngineOptions): Promise<void> {
  const engine = await withEngine(options, ({ description }) => Promise.resolve(description));
  terminal.result(
    { version, engine, node: process.version },
    table([
      ["iresnet", version],
      ["engine", engine],
      ["node", process.version],
    ]),
  );
}

async function describeRun(
  terminal: Terminal,
  path: string,
  options: EngineOptions,
): Promise<void> {
  await withTrained(path, options, async ({ run, runner, engine }) => {
    const { config, folder, checkpoint } = run;
    const { model } = runner;
    const newest =
      folder && existsSync(folder.checkpoint) ? await loadCheckpoint(folder.checkpoint) : undefined;
    const estimates = runner.lipschitz;
    const onProgress = counter(terminal, { label: "certify", unit: "norms" });
    const { norms, lipschitz } = await runner.certify({ onProgress });
    const blocks = model.blocks.map(({ path, dimensions, norms: layers }): DescribedBlock => {
      const bound = lipschitz[path] ?? Infinity;
      return {
        path,
        dimensions,
        lipschitz: bound,
        estimate: estimates[path] ?? Infinity,
        isCircular: layers.some((layer) => norms[layer]?.of === "circulant"),
        iterations: plannedIterations(bound, accuracy) ?? null,
      };
    });
    const parameters = model.scope.variables
      .filter(({ kind }) => kind === "parameter")
      .reduce((total, { name }) => total + (checkpoint.arrays[name]?.data.length ?? 0), 0);
    const training = newest?.training;
    terminal.result(
      {
        run: folder?.path ?? null,
        checkpoint: run.file,
        engine: engine.description,
        parameters,
        blocks,
        training: training ?? null,
        config,
      },
      [
        table([
          ["run", folder?.path ?? "none: a checkpoint alone"],
          ["checkpoint", run.file],
          ["preset", `${config.preset} on ${config.data.name}, iresnet ${config.version}`],
          ["model", `${model.kind}, ${parameters.toLocaleString("en-US")} parameters`],
          [
            "training",
            config.imported
              ? `imported from ${config.imported.file}`
              : trainingText(training, config.training?.steps ?? 0),
          ],
          ["engine", engine.description],
        ]),
        "",
        model.bijection ? blocksText(blocks) : "This model has no inverse.",
      ].join("\n"),
    );
  });
}

interface DescribedBlock {
  readonly path: string;
  readonly dimensions: number;
  /** A proved bound. */
  readonly lipschitz: number;
  /** By power iteration, rounded up. */
  readonly estimate: number;
  /** Whether a convolution's bound is that of a circular one, which is looser. */
  readonly isCircular: boolean;
  /** Planned; null if there is no guarantee. */
  readonly iterations: number | null;
}

function blocksText(blocks: readonly DescribedBlock[]): string {
  if (blocks.length === 0) return "No residual blocks: the inverse needs no fixed point.";
  return table([
    ["block", "dims", "Lip(g), certified", "estimate", `iterations to ${formatNumber(accuracy)}`],
    ...blocks.map(({ path, dimensions, lipschitz, estimate, isCircular, iterations }) => [
      path,
      String(dimensions),
      `<= ${(Math.ceil(lipschitz * 1e4) / 1e4).toFixed(4)}${isCircular ? ", circular" : ""}`,
      formatNumber(estimate),
      iterations === null ? "no guarantee" : String(iterations),
    ]),
  ]);
}

function trainingText(state: TrainingState | undefined, steps: number): string {
  if (!state) return "cannot go on";
  const { step, elapsedSeconds, best } = state;
  const done = step < steps ? `step ${step} of ${steps}` : `complete, ${steps} steps`;
  const time = formatDuration(elapsedSeconds);
  return [`${done}, ${time}`, ...(best ? [`best at step ${best.step}`] : [])].join(", ");
}
