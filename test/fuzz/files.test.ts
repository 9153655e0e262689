import { describe, it } from "node:test";
import fc from "fast-check";
import { mutated, tries } from "./mutations.js";
import { openReaders, readOrRefuse } from "./readers.js";
import { temporaryFolder } from "../support/folder.js";

describe("mutated files are read or refused", async () => {
  const root = temporaryFolder();
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
