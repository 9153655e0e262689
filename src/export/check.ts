import { expectKind } from "../border/kinds.js";
import { DataError } from "../errors.js";
import { Random } from "../random.js";
import { coreOf, type AnyRunner } from "../runner/index.js";
import type { FileArrays, NumberArray } from "../tree.js";
import { expectedOutputs } from "./check-expected.js";
import { drawRows, feedsOf } from "./check-rows.js";
import type { ExportDescription } from "./describe.js";
import { hasSteps } from "./events.js";

/** How far an output of a file is from what the runner gives. */
export interface ExportDifference {
  readonly output: string;
  /** Rows of the batch. */
  readonly rows: number;
  /**
   * The largest |file − runner|/(1 + |runner|), of pixels x relative to 256 + |runner|; infinite where
   * one alone is no number.
   */
  readonly difference: number;
}

const where = "checkExport";

/** Batches that a file is tried with. */
const batches = [1, 2, 7];

/** Where samples are rounded down, float32's rounding may decide one number of a hundred. */
const sparedShare = 0.01;

/** The largest difference that rounding explains. */
const tolerance = 1e-5;

/**
 * Compares an exported file with the runner that it came from, over rows drawn at random and with the
 * noise that the runner draws. Of samples of whole numbers, one in a hundred may differ.
 *
 * @param run runs the file
 */
export async function checkExport(
  runner: AnyRunner,
  description: ExportDescription,
  run: (inputs: FileArrays) => Promise<FileArrays>,
): Promise<ExportDifference[]> {
  expectKind(runner, "runner", where);
  expectKind(description, "export description", where);
  expectKind(run, "function", where);
  const random = Random.fromSeed(0);
  const isRounded = description.to === "sample" && coreOf(runner).step !== undefined;
  const differences: ExportDifference[] = [];
  for (const rows of batches) {
    const drawn = await drawRows(runner, rows, random.split("rows"));
    const noisy = await run(feedsOf(description, drawn, random));
    const quiet = await run(feedsOf(description, drawn, undefined));
    for (const outputs of [noisy, quiet]) expectKind(outputs, "record of arrays", where);
    const expected = await expectedOutputs(runner, description, drawn, random);
    // Noise about the middle of a model's axis isn't about that of a whole number on a curved one.
    const hasQuiet = description.to !== "score" || !hasSteps(runner);
    for (const [output, array] of Object.entries(expected)) {
      if (output === "z" && !hasQuiet) continue;
      // The runner has z of the forward map alone, without noise.
      const actual = output === "z" ? quiet[output] : noisy[output];
      const unit = output === "x" && runner.model.pixels ? 256 : 1;
      const difference = farthest(actual, array, { unit, spared: isRounded ? sparedShare : 0 });
      differences.push({ output, rows, difference });
    }
  }
  return differences;
}

/** @throws {DataError} if a file differs from its runner by more than rounding, 10⁻⁵. */
export function expectEqualResults(differences: readonly ExportDifference[]): void {
  expectKind(differences, "list", "expectEqualResults");
  for (const one of differences) expectKind(one, "object", "expectEqualResults");
  const worst = differences.find(({ difference }) => !(difference <= tolerance));
  if (!worst) return;
  const { output, rows, difference } = worst;
  throw new DataError(
    `checkExport: expected the file's ${output} within ${tolerance} of the runner's, got ${difference.toExponential(2)} for ${rows} ${rows === 1 ? "row" : "rows"}; please report it with the run's configuration`,
    { name: output },
  );
}

/** The largest difference but for a share of them. */
function farthest(
  actual: NumberArray | undefined,
  expected: NumberArray,
  { unit, spared }: { readonly unit: number; readonly spared: number },
): number {
  if (actual?.shape.join() !== expected.shape.join()) return Infinity;
  const apart = Float64Array.from(expected.data, (b, i) => {
    const a = actual.data[i]!;
    if (Object.is(a, b) || a === b) return 0;
    const difference = Math.abs(a - b) / (unit + Math.abs(b));
    return Number.isNaN(difference) ? Infinity : difference;
  }).sort();
  return apart.at(-1 - Math.ceil(spared * apart.length)) ?? 0;
}
