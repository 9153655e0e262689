import { availableParallelism } from "node:os";
import { UsageError } from "../errors.js";
import type { EngineSettings } from "../runs/engine.js";
import type { Listener } from "../runs/listener.js";
import type { ReproductionFolder } from "./folder.js";
import { keptPlan } from "./kept-plan.js";
import { makePlan, planSchema, type Plan } from "./plan.js";
import { tasksOf, type ReproductionName, type Wanted } from "./tasks.js";

/** What the user asked for. */
export interface Request extends EngineSettings, Wanted {
  /** The command that begins it, for its report. */
  readonly command?: string;
  readonly reproduction: ReproductionName;
  readonly budgetSeconds?: number;
  readonly seed?: number;
  readonly atOnce?: number;
  readonly workers?: number | "auto";
}

const defaultBudget = 30 * 60;

/** What stays when a reproduction is resumed. */
const fixed = [
  "reproduction",
  "data",
  "rows",
  "budgetSeconds",
  "seed",
  "threads",
  "device",
  "atOnce",
  "workers",
] as const satisfies readonly (keyof Request)[];

/**
 * The plan that the folder has, to go on with, or else a new one, kept there.
 * @throws {UsageError} if there is none to go on with, or one in the way, or another was asked for.
 */
export async function openPlan(
  request: Request,
  folder: ReproductionFolder,
  { resume, listener }: { readonly resume: boolean; readonly listener: Listener },
): Promise<Plan> {
  const make = (): Promise<Plan> => newPlan(request, listener);
  const usual = { device: "cpu", workers: "auto" };
  return keptPlan(folder, request, { resume, schema: planSchema, fixed, usual, make });
}

function newPlan(request: Request, listener: Listener): Promise<Plan> {
  const { reproduction, data, rows, device, workers = "auto" } = request;
  const tasks = tasksOf(reproduction, request);
  const threads = request.threads ?? availableParallelism();
  const settings = {
    reproduction,
    command: request.command ?? "",
    ...(data !== undefined && { data }),
    ...(rows && { rows }),
    budgetSeconds: request.budgetSeconds ?? defaultBudget,
    seed: request.seed ?? 0,
    threads,
    ...(device && { device }),
    atOnce: atOnceOf(request, Math.min(threads, tasks.length)),
    ...(workers !== "auto" && { workers }),
  };
  return makePlan(settings, tasks, listener);
}

/** Rows at once, as many as `usual` if that is left to us. */
function atOnceOf({ atOnce, device = "cpu", workers = "auto" }: Request, usual: number): number {
  const count = atOnce ?? (device === "cpu" ? usual : 1);
  if (count > 1 && device !== "cpu") {
    throw new UsageError(
      `--at-once: expected 1 on device ${device}, got ${count}; several rows at once need the device cpu`,
    );
  }
  if (count > 1 && workers !== "auto") {
    throw new UsageError(
      `--workers: expected one row after the other, got ${count} at once, each of which has one worker; take one at once`,
    );
  }
  return count;
}
