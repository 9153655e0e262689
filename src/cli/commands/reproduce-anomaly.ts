import { join } from "node:path";
import { UsageError } from "../../errors.js";
import { withLock } from "../../files/lock.js";
import { openAnomalyPlan, reproduceAnomaly } from "../../reproduce/anomaly.js";
import { presentAnomaly } from "../../reproduce/anomaly-present.js";
import { ReproductionFolder } from "../../reproduce/folder.js";
import { formatDuration } from "../../text.js";
import { commandLine } from "../command-line.js";
import { finished } from "../interrupt.js";
import type { Terminal } from "../terminal.js";
import type { ReproduceOptions } from "./reproduce-options.js";

export const anomalyName = "table-anomaly";

/** Options of the other reproductions alone. */
const foreign = ["budget", "workers", "device"] as const;

/** `iresnet reproduce table-anomaly`. */
export async function reproduceTables(
  terminal: Terminal,
  { out, resume = false, threads, atOnce = threads, ...options }: ReproduceOptions,
): Promise<void> {
  const unknown = foreign.find((name) => options[name] !== undefined);
  if (unknown !== undefined) {
    throw new UsageError(
      `--${unknown}: expected no such option for ${anomalyName}, whose trainings end by themselves, each on one thread; leave it out`,
      { name: unknown },
    );
  }
  const folder = new ReproductionFolder(out ?? join("runs", anomalyName));
  await withLock(folder.path, async () => {
    const plan = await openAnomalyPlan({ ...options, command: commandLine() }, folder, { resume });
    const goOn = `iresnet reproduce ${anomalyName} --out ${folder.path} --resume`;
    const started = performance.now();
    const results = await finished(terminal, goOn, (signal) =>
      reproduceAnomaly(plan, folder, { listener: terminal, signal, atOnce }),
    );
    if (!results) return;
    const { value, text } = await presentAnomaly(plan, results, folder);
    terminal.note(`Took ${formatDuration((performance.now() - started) / 1000)}.`);
    terminal.result(value, text);
  });
}
