import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { isMissing } from "../data/files.js";
import { imageSetName, imageSetNames } from "../data/index.js";
import type { Engine } from "../engine/index.js";
import { UsageError } from "../errors.js";
import { pictureRecipe } from "../images/index.js";
import { mean } from "../measure/index.js";
import { takeSpread } from "../measure/batches.js";
import { createModel } from "../models/index.js";
import { expectAbility, openRunner } from "../runner/index.js";
import { configureFor } from "../runs/configuration.js";
import { withEngine } from "../runs/engine.js";
import { counter, type Watch } from "../runs/listener.js";
import type { PreparedRun } from "../runs/prepare.js";
import { openRun } from "../runs/open-run.js";
import {
  expectTrains,
  readCheckpoint,
  readJson,
  readRunConfig,
  writeJson,
  type RunConfig,
  type RunFolder,
} from "../runs/run-folder.js";
import { takeSteps } from "../runs/train-run.js";
import { secondsPerStep } from "../train/step-time.js";
import type { NumberArray } from "../tree.js";
import type { ReproductionFolder } from "./folder.js";
import { keptPlan } from "./kept-plan.js";
import { openNormals, openOutliers, type Normals } from "./ood-data.js";
import { aurocs, scoreImages, summaryOf, type Scored } from "./ood-scores.js";
import { oodPlanSchema, oodResultSchema, type OodPlan, type OodResult } from "./ood-result.js";

/** What the user asked for. */
export interface OodRequest {
  /** Folder of the image sets; `data` unless given. */
  readonly data?: string | undefined;
  /** Sets to learn; unless given, MNIST and Fashion-MNIST, as far as they are there. */
  readonly rows?: readonly string[] | undefined;
  /** A run whose density is taken for the set that it learned. */
  readonly run?: string | undefined;
  /** For all trainings together; half an hour unless given. */
  readonly budgetSeconds?: number | undefined;
  readonly seed?: number | undefined;
  readonly threads?: number | undefined;
  /** Images of each set that are scored, at most; 1,000 unless given. */
  readonly count?: number | undefined;
  readonly command?: string | undefined;
}

/**
 * The plan that the folder has, to go on with, or else a new one, kept there.
 * @throws {UsageError} if there is none to go on with, or one in the way, or another was asked for, or
 * no set to learn is there.
 */
export async function openOodPlan(
  request: OodRequest,
  folder: ReproductionFolder,
  { resume }: { readonly resume: boolean },
): Promise<OodPlan> {
  return keptPlan(folder, request, {
    resume,
    schema: oodPlanSchema,
    fixed: ["data", "rows", "run", "budgetSeconds", "seed", "threads", "count"],
    make: () => newPlan(request),
  });
}

async function newPlan(request: OodRequest): Promise<OodPlan> {
  const { data = "data", run } = request;
  return {
    reproduction: "figure-ood",
    command: request.command ?? "",
    data,
    rows: run === undefined ? await rowsOf(data, request.rows) : [await setOf(run, request.rows)],
    ...(run !== undefined && { run }),
    budgetSeconds: request.budgetSeconds ?? 30 * 60,
    seed: request.seed ?? 0,
    threads: request.threads ?? availableParallelism(),
    count: request.count ?? 1000,
  };
}

/**
 * Out-of-distribution detection: a density of each set, and how well each of its scores tells test
 * images of that set from those of others. What is finished is in the folder, and isn't done again.
 *
 * @returns a result of each set; nothing if the signal ended it.
 * @throws {DataError} if a set's files are missing or damaged, or the run's model takes other images.
 * @see Nalisnick et al. 2019, https://arxiv.org/abs/1810.09136
 * @see Serrà et al. 2020, https://arxiv.org/abs/1909.11480 (complexity)
 * @see Nalisnick et al. 2019, https://arxiv.org/abs/1906.02994 (typicality)
 */
export async function reproduceOod(
  plan: OodPlan,
  folder: ReproductionFolder,
  watch: Watch,
): Promise<readonly OodResult[] | undefined> {
  const results: OodResult[] = [];
  for (const name of plan.rows) {
    const file = folder.row(name);
    const result = existsSync(file)
      ? await readJson(file, oodResultSchema)
      : await measureSet(plan, name, folder, watch);
    if (!result) return undefined;
    if (!existsSync(file)) await writeJson(file, result);
    results.push(result);
  }
  return results;
}

async function measureSet(
  plan: OodPlan,
  name: string,
  folder: ReproductionFolder,
  { listener, signal }: Watch,
): Promise<OodResult | undefined> {
  const started = performance.now();
  const normals = await openNormals(name, plan.data);
  const outliers = await openOutliers(normals.data, plan.data, plan.count);
  listener.note(`${name}, against ${outliers.map((one) => one.name).join(", ")}`);
  return withEngine({ threads: plan.threads }, async (engine) => {
    const learned =
      plan.run === undefined
        ? await learn(engine, plan, normals, folder.run(name), { listener, signal })
        : { path: plan.run, steps: null };
    if (!learned) return undefined;
    const { checkpoint } = await openRun(learned.path);
    const runner = await openRunner(checkpoint, { engine });
    expectAbility(runner.model, "density", "figure-ood");
    const score = async (label: string, x: NumberArray): Promise<Scored | undefined> =>
      scoreImages(runner, x, { signal, onProgress: counter(listener, { label, unit: "images" }) });
    const { data } = normals;
    const heldOut = await score(
      `${name}, held out`,
      takeSpread(await data.split("validation"), plan.count).x,
    );
    const own = await score(name, takeSpread(await data.split("test"), plan.count).x);
    if (!heldOut || !own) return undefined;
    const entropy = -mean(heldOut.logProb);
    const measured: OodResult["outliers"][number][] = [];
    for (const other of outliers) {
      const scored = await score(other.name, takeSpread(other.split, plan.count).x);
      if (!scored) return undefined;
      const areas = aurocs(own, scored, entropy);
      measured.push({ name: other.name, ...summaryOf(scored, runner), auroc: areas });
    }
    await runner.close();
    return {
      normal: name,
      source: plan.run === undefined ? normals.source : `the run ${plan.run}`,
      steps: learned.steps,
      seconds: (performance.now() - started) / 1000,
      ...summaryOf(own, runner),
      outliers: measured,
    };
  });
}

/** Learns a set within its share of the budget, or goes on with that. */
async function learn(
  engine: Engine,
  plan: OodPlan,
  { data }: Normals,
  folder: RunFolder,
  { listener, signal }: Watch,
): Promise<{ readonly path: string; readonly steps: number } | undefined> {
  const config = existsSync(folder.config)
    ? expectTrains(await readRunConfig(folder))
    : await configOf(engine, plan, data);
  if (!existsSync(folder.config)) await writeJson(folder.config, config);
  const { steps } = config.training;
  listener.note(`${steps} steps of ${config.model.kind}`);
  const model = createModel(config.model.kind, config.model.config);
  const prepared: PreparedRun = { config, model, data };
  const resume = await readCheckpoint(folder, config);
  const options = { signal, ...(resume && { resume }) };
  const isDone = await takeSteps(engine, prepared, { folder, listener }, options);
  return isDone ? { path: folder.path, steps } : undefined;
}

async function configOf(
  engine: Engine,
  { budgetSeconds, rows, seed, threads, data: folder }: OodPlan,
  data: PreparedRun["data"],
): Promise<RunConfig> {
  const { model, training } = await pictureRecipe(data);
  const seconds = await secondsPerStep(createModel(model.kind, model.config), data, training, [
    engine,
  ]);
  const affordable = Math.max(1, Math.floor(budgetSeconds / rows.length / seconds));
  const recipe = await pictureRecipe(data, { steps: Math.min(training.steps, affordable) });
  return configureFor(
    { name: data.name, folder },
    { name: "pictures", model, training: recipe.training },
    { seed, threads, workers: 1, validateEvery: Math.ceil(recipe.training.steps / validations) },
  );
}

/** Each takes time of its own. */
const validations = 4;

/** The sets to learn, those asked for or the usual ones that the folder has. */
async function rowsOf(
  folder: string,
  wanted: readonly string[] | undefined,
): Promise<readonly string[]> {
  if (wanted) return wanted.map(imageSetName);
  const found: string[] = [];
  for (const name of ["mnist", "fashion-mnist"]) {
    try {
      await openNormals(name, folder);
      found.push(name);
    } catch (error) {
      if (!isMissing(error, name)) throw error;
    }
  }
  if (found.length > 0) return found;
  throw new UsageError(
    `figure-ood: expected mnist or fashion-mnist in the folder ${folder}, got neither; name the folder with --data, or other sets with --rows`,
    { name: "data" },
  );
}

/** The set that a run learned. */
async function setOf(run: string, wanted: readonly string[] | undefined): Promise<string> {
  const { config } = await openRun(run);
  const { name } = config.data;
  if (!imageSetNames.some((known) => known === name) || config.pictures) {
    throw new UsageError(
      `figure-ood: expected a run on ${imageSetNames.join(", ")}, got one on ${name}; train one, or leave --run out`,
      { name: "run" },
    );
  }
  if (wanted && wanted.join() !== name) {
    throw new UsageError(
      `figure-ood: expected no --rows but ${name} beside a run on it, got ${wanted.join(", ")}; leave it out`,
      { name: "rows" },
    );
  }
  return name;
}
