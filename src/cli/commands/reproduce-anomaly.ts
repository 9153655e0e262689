import { openAnomalyPlan, reproduceAnomaly } from "../../reproduce/anomaly.js";
import { presentAnomaly } from "../../reproduce/anomaly-present.js";
import { formatDuration } from "../../text.js";
import { commandLine } from "../command-line.js";
import type { Terminal } from "../terminal.js";
import { refuseForeign, reproduceIn } from "./reproduce-in.js";
import type { ReproduceOptions } from "./reproduce-options.js";

export const anomalyName = "table-anomaly";

/** `iresnet reproduce table-anomaly`. */
export async function reproduceTables(terminal: Terminal, given: ReproduceOptions): Promise<void> {
  const reason = `${anomalyName}, whose trainings end by themselves, each on one thread`;
  refuseForeign(given, ["budget", "workers", "device", "run"], reason);
  const { out, resume = false, threads, atOnce = threads, ...options } = given;
  let started = performance.now();
  await reproduceIn(terminal, out, {
    name: anomalyName,
    open: (folder) => openAnomalyPlan({ ...options, command: commandLine() }, folder, { resume }),
    finish: (plan, folder, watch) => {
      started = performance.now();
      return reproduceAnomaly(plan, folder, { ...watch, atOnce });
    },
    present: async (...results) => {
      const presentation = await presentAnomaly(...results);
      terminal.note(`Took ${formatDuration((performance.now() - started) / 1000)}.`);
      return presentation;
    },
  });
}
