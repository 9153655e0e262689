import { existsSync } from "node:fs";
import type { z } from "zod";
import { UsageError } from "../errors.js";
import { holdsOnly, readJson, writeJson } from "../runs/run-folder.js";
import type { ReproductionFolder } from "./folder.js";

/**
 * The plan that the folder has, to go on with, or else a new one, kept there.
 *
 * @param how.fixed names of what must stay as the plan began with it
 * @param how.usual what a plan means by leaving it out
 * @throws {UsageError} if there is none to go on with, or one in the way, or another was asked for.
 */
export async function keptPlan<N extends string, P extends Readonly<Partial<Record<N, unknown>>>>(
  folder: ReproductionFolder,
  request: Readonly<Partial<Record<N, unknown>>>,
  how: {
    readonly resume: boolean;
    readonly schema: z.ZodType<P>;
    readonly fixed: readonly N[];
    readonly usual?: Readonly<Record<string, unknown>>;
    readonly make: () => P | Promise<P>;
  },
): Promise<P> {
  if (how.resume) {
    const plan = await readPlan(folder, how.schema);
    expectSame(how.fixed, request, { ...how.usual, ...plan });
    return plan;
  }
  expectFree(folder);
  const plan = await how.make();
  await writeJson(folder.plan, plan);
  return plan;
}

/** @throws {UsageError} if the folder has no plan to go on with. */
async function readPlan<T>(folder: ReproductionFolder, schema: z.ZodType<T>): Promise<T> {
  if (existsSync(folder.plan)) return readJson(folder.plan, schema);
  throw new UsageError(
    `resume: expected a plan in ${folder.path}, got none; name its folder, or begin afresh`,
  );
}

/**
 * What a crash may leave of a plan is no obstacle.
 * @throws {UsageError} if the folder holds anything else.
 */
function expectFree(folder: ReproductionFolder): void {
  if (!existsSync(folder.path)) return;
  if (existsSync(folder.plan)) {
    throw new UsageError(
      `${folder.path}: expected no such folder, got an earlier reproduction; resume it, or choose another folder`,
    );
  }
  if (!holdsOnly(folder.path, [])) {
    throw new UsageError(
      `${folder.path}: expected no such folder, got one that is no reproduction; choose another folder`,
    );
  }
}

/** Options that aren't named like what they set. */
const options: Readonly<Record<string, string>> = {
  budgetSeconds: "--budget",
  atOnce: "--at-once",
};

/**
 * Resumed, a reproduction stays what it is: options may repeat what it began with.
 * @throws {UsageError} naming the first of them that is another.
 */
function expectSame<N extends string>(
  names: readonly N[],
  asked: Readonly<Partial<Record<N, unknown>>>,
  kept: Readonly<Partial<Record<N, unknown>>>,
): void {
  for (const name of names) {
    if (asked[name] === undefined || String(asked[name]) === String(kept[name])) continue;
    throw new UsageError(
      `resume: expected the ${options[name] ?? name} that it began with, ${String(kept[name] ?? "none")}, got ${String(asked[name])}; leave it out, or begin another in its own folder`,
    );
  }
}
