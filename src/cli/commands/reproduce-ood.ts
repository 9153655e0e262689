import { join } from "node:path";
import { UsageError } from "../../errors.js";
import { withLock } from "../../files/lock.js";
import { ReproductionFolder } from "../../reproduce/folder.js";
import { openOodPlan, reproduceOod } from "../../reproduce/ood.js";
import { presentOod } from "../../reproduce/ood-present.js";
import { commandLine } from "../command-line.js";
import { finished } from "../interrupt.js";
import type { Terminal } from "../terminal.js";
import type { ReproduceOptions } from "./reproduce-options.js";

export const oodName = "figure-ood";

/** Options of the other reproductions alone. */
const foreign = ["workers", "device", "atOnce", "splits", "steps"] as const;

/** `iresnet reproduce figure-ood`. */
export async function reproduceImages(
  terminal: Terminal,
  { out, resume = false, budget, ...options }: ReproduceOptions,
): Promise<void> {
  const unknown = foreign.find((name) => options[name] !== undefined);
  if (unknown !== undefined) {
    throw new UsageError(
      `--${unknown === "atOnce" ? "at-once" : unknown}: expected no such option for ${oodName}, which learns one set after the other on the CPU; leave it out`,
      { name: unknown },
    );
  }
  const folder = new ReproductionFolder(out ?? join("runs", oodName));
  const { data, rows, run, seed, threads } = options;
  const request = {
    ...{ data, rows, run, seed, threads },
    budgetSeconds: budget,
    command: commandLine(),
  };
  await withLock(folder.path, async () => {
    const plan = await openOodPlan(request, folder, { resume });
    const goOn = `iresnet reproduce ${oodName} --out ${folder.path} --resume`;
    const results = await finished(terminal, goOn, (signal) =>
      reproduceOod(plan, folder, { listener: terminal, signal }),
    );
    if (!results) return;
    const { value, text } = await presentOod(plan, results, folder);
    terminal.result(value, text);
  });
}
