import { openOodPlan, reproduceOod } from "../../reproduce/ood.js";
import { presentOod } from "../../reproduce/ood-present.js";
import { commandLine } from "../command-line.js";
import type { Terminal } from "../terminal.js";
import { refuseForeign, reproduceIn } from "./reproduce-in.js";
import type { ReproduceOptions } from "./reproduce-options.js";

export const oodName = "figure-ood";

/** `iresnet reproduce figure-ood`. */
export async function reproduceImages(terminal: Terminal, given: ReproduceOptions): Promise<void> {
  const reason = `${oodName}, which learns one set after the other on the CPU`;
  refuseForeign(given, ["workers", "device", "atOnce", "splits", "steps"], reason);
  const { out, resume = false, budget, data, rows, run, seed, threads } = given;
  const request = {
    ...{ data, rows, run, seed, threads },
    budgetSeconds: budget,
    command: commandLine(),
  };
  await reproduceIn(terminal, out, {
    name: oodName,
    open: (folder) => openOodPlan(request, folder, { resume }),
    finish: reproduceOod,
    present: presentOod,
  });
}
