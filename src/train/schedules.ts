import { expectKind } from "../border/kinds.js";
import * as z from "zod";
import { ranges } from "../border/ranges.js";
import { whole } from "../models/config.js";

const common = {
  /** The rate after warm-up. */
  learningRate: z.number().positive(),
  /** Steps over which the rate first rises, linearly. */
  warmup: whole({ ...ranges.steps, least: 0 }).default(0),
};

export const scheduleConfig = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("constant"), ...common }),
  z.strictObject({
    kind: z.literal("step"),
    ...common,
    /** Steps at which the rate is multiplied by `factor`. */
    milestones: z.array(whole(ranges.steps)).readonly(),
    factor: z.number().positive(),
  }),
  z.strictObject({ kind: z.literal("cosine"), ...common }),
  z.strictObject({ kind: z.literal("linear"), ...common }),
]);

/** How the learning rate depends on the step, and on nothing else: a run repeats bit for bit. */
export type ScheduleConfig = z.infer<typeof scheduleConfig>;

/**
 * The learning rate of the step that follows `step` steps, 0 ≤ step < steps:
 * rate·(step + 1)/warmup while warming up, then the rate, times `factor` for each milestone
 * reached, or times ½(1 + cos(π·(step − warmup)/(steps − warmup))), or times
 * (steps − step)/(steps − warmup), which would be 0 one step after the last.
 *
 * @see Loshchilov and Hutter 2017, equation 5, https://arxiv.org/abs/1608.03983 (cosine)
 */
export function learningRate(schedule: ScheduleConfig, step: number, steps: number): number {
  expectKind(schedule, "object", "learningRate");
  const { learningRate: rate, warmup } = schedule;
  if (step < warmup) return (rate * (step + 1)) / warmup;
  switch (schedule.kind) {
    case "constant":
      return rate;
    case "step":
      return rate * schedule.factor ** schedule.milestones.filter((at) => step >= at).length;
    case "cosine":
      return (rate * (1 + Math.cos((Math.PI * (step - warmup)) / (steps - warmup)))) / 2;
    case "linear":
      return (rate * (steps - step)) / (steps - warmup);
  }
}
