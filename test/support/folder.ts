import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

/** A fresh folder, removed after the enclosing suite. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "iresnet-"));
  after(() => rm(path, { recursive: true, force: true }));
  return path;
}
