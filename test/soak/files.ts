import fc from "fast-check";
import { mutated } from "../fuzz/mutations.js";
import { openReaders, readOrRefuse } from "../fuzz/readers.js";
import type { Soaked } from "./soaked.js";

/** The most memory that reading small files may take, and the longest that one may take. */
const [megabytes, seconds] = [500, 10];

/** Mutates so many files; each reader must read or refuse them, soon, in bounded memory. */
export async function soakFiles(root: string, count: number, seed: number): Promise<Soaked> {
  const readers = Object.entries(await openReaders(root));
  const numRuns = Math.ceil(count / readers.length);
  const failures: string[] = [];
  let longest = 0;
  for (const [name, reader] of readers) {
    const property = fc.asyncProperty(mutated(reader.bytes), async (content) => {
      const begun = performance.now();
      await readOrRefuse(reader, content);
      longest = Math.max(longest, (performance.now() - begun) / 1000);
    });
    const details = await fc.check(property, { numRuns, seed });
    if (details.failed) failures.push(`${name}: ${fc.defaultReportMessage(details)}`);
    process.stderr.write(`${name}: ${numRuns} files\n`);
  }
  const most = process.resourceUsage().maxRSS / 1024;
  if (longest > seconds) failures.push(`a file took ${longest.toFixed(1)} s to read`);
  if (most > megabytes) failures.push(`reading took ${most.toFixed(0)} MB`);
  const megabytesAtMost = Math.round(most);
  const secondsAtMost = Number(longest.toFixed(2));
  return {
    figures: {
      files: numRuns * readers.length,
      readers: readers.length,
      secondsAtMost,
      megabytesAtMost,
    },
    failures,
  };
}
