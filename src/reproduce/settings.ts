import { parseTrainingConfig, type TrainingConfig } from "../train/config.js";
import type { ScheduleConfig } from "../train/schedules.js";
import { configure, workersConfig, type Overrides } from "../runs/configuration.js";
import type { RunConfig } from "../runs/run-folder.js";
import type { Task } from "./tasks.js";

/** What every run of a reproduction has in common. */
export type Common = Pick<Overrides, "seed" | "threads" | "device" | "workers">;

/** Times that a run is validated; each costs time. */
export const validations = 4;

/** Configuration of a row's run as its preset has it. */
export function presetConfig({ row, data }: Task, common: Common): RunConfig {
  const { c, preset } = row;
  return configure(preset, {
    ...common,
    data: data.name,
    dataDir: data.folder,
    ...(c === null && { vanilla: true }),
    ...(typeof c === "number" && { c }),
  });
}

export interface Length {
  readonly steps: number;
  readonly workers: number;
  readonly checkpointEvery: number;
}

/** Configuration of a row's run of so many steps, its schedule with them. */
export function shortened(
  config: RunConfig,
  { steps, workers, checkpointEvery }: Length,
): RunConfig {
  return {
    ...config,
    training: scaled(config.training, steps),
    validateEvery: Math.ceil(steps / validations),
    checkpointEvery,
    ...workersConfig(workers),
  };
}

function scaled(training: TrainingConfig, steps: number): TrainingConfig {
  const schedule = scaledSchedule(training.schedule, steps / training.steps, steps);
  return parseTrainingConfig({ ...training, steps, schedule });
}

/** Milestones keep their place; warm-up, which a short run needs as much, takes at most a tenth. */
function scaledSchedule(schedule: ScheduleConfig, ratio: number, steps: number): ScheduleConfig {
  const warmup = Math.min(schedule.warmup, Math.ceil(steps / 10));
  if (schedule.kind !== "step") return { ...schedule, warmup };
  const milestones = schedule.milestones.map((at) => Math.max(1, Math.round(at * ratio)));
  return { ...schedule, warmup, milestones };
}
