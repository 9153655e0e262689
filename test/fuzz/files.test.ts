import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { mutated, tries } from "./mutations.js";
import { openReaders, readOrRefuse } from "./readers.js";

describe("mutated files are read or refused", async () => {
  const root = mkdtempSync(join(tmpdir(), "iresnet-fuzz-"));
  after(() => rm(root, { recursive: true, force: true }));
  for (const [name, reader] of Object.entries(await openReaders(root))) {
    it(name, async () => {
      await reader.read(Uint8Array.from(reader.bytes));
      await fc.assert(
        fc.asyncProperty(mutated(reader.bytes), (content) => readOrRefuse(reader, content)),
        tries,
      );
    });
  }
});
