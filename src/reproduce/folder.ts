import { join } from "node:path";
import { expectKind } from "../border/kinds.js";
import { RunFolder } from "../runs/run-folder.js";

/** Paths of a reproduction's files. */
export class ReproductionFolder {
  readonly path: string;
  readonly plan: string;
  readonly table: string;
  readonly report: string;

  /** @throws {UsageError} if the path is empty, which would stand for the current folder. */
  constructor(path: string) {
    expectKind(path, "path", "ReproductionFolder");
    this.path = path;
    this.plan = join(path, "plan.json");
    this.table = join(path, "table.json");
    this.report = join(path, "report.html");
  }

  /** What came of a row; missing until it is finished. */
  row(id: string): string {
    return join(this.path, "rows", `${id}.json`);
  }

  run(id: string): RunFolder {
    return new RunFolder(join(this.path, "runs", id));
  }

  picture(name: string): string {
    return join(this.path, "pictures", name);
  }
}
