import { join } from "node:path";
import { UsageError } from "../../errors.js";
import { withLock } from "../../files/lock.js";
import { ReproductionFolder } from "../../reproduce/folder.js";
import type { Presentation } from "../../reproduce/presentation.js";
import type { Watch } from "../../runs/listener.js";
import { finished } from "../interrupt.js";
import type { Terminal } from "../terminal.js";
import type { ReproduceOptions } from "./reproduce-options.js";

/** How a table or figure is planned, done and shown. */
export interface Reproduction<P, R> {
  readonly name: string;
  readonly open: (folder: ReproductionFolder) => Promise<P>;
  /** Gives nothing if the signal came. */
  readonly finish: (plan: P, folder: ReproductionFolder, watch: Watch) => Promise<R | undefined>;
  readonly present: (plan: P, results: R, folder: ReproductionFolder) => Promise<Presentation>;
}

/** Reproduces a table or figure in its folder, which no other process may write to meanwhile. */
export async function reproduceIn<P, R>(
  terminal: Terminal,
  out: string | undefined,
  { name, open, finish, present }: Reproduction<P, R>,
): Promise<void> {
  const folder = new ReproductionFolder(out ?? join("runs", name));
  await withLock(folder.path, async () => {
    const plan = await open(folder);
    const goOn = `iresnet reproduce ${name} --out ${folder.path} --resume`;
    const results = await finished(terminal, goOn, (signal) =>
      finish(plan, folder, { listener: terminal, signal }),
    );
    if (!results) return;
    const { value, text } = await present(plan, results, folder);
    terminal.result(value, text);
  });
}

/** @throws {UsageError} if an option is given that only other reproductions take. */
export function refuseForeign(
  options: ReproduceOptions,
  foreign: readonly (keyof ReproduceOptions)[],
  reason: string,
): void {
  const name = foreign.find((one) => options[one] !== undefined);
  if (name === undefined) return;
  throw new UsageError(
    `--${name === "atOnce" ? "at-once" : name}: expected no such option for ${reason}; leave it out`,
    { name },
  );
}
