import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

/**
 * What mustn't get in silently, and where that is tested: names of tests by file. A name that has a
 * parameter is given up to it.
 */
const table: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "arrays shorter, longer or of another type than their shape says": {
    "border/arrays": ["arrays shorter, longer or of another type than their shape says"],
    "runner/border": ["arrays that enter a runner"],
    "data/array-data": ["a short array", "another rank"],
  },
  "unknown names": {
    "border/arrays": ["unknown names"],
    "runner/border": ["are refused if unknown, with the nearest name"],
    "train/border": ["fit's border"],
    "train/batches": ["a condition", "no condition"],
    "train/weights": ["weights of examples"],
    "cli/main": ["names the choices after a wrong one, with exit code 2"],
  },
  "arguments of another kind": {
    "border/arguments": [
      "are tried on every function and class that a user calls",
      "are refused, or of no harm, in ",
    ],
  },
  labels: {
    "border/arrays": ["labels"],
    "data/array-data": ["a label of -1", "one-hot rows as lists", "one-hot rows end to end"],
    "data/idx": ["reports a label that is no class"],
  },
  "NaN or infinite rows": {
    "border/rows": ["NaN, infinite or extreme rows", "rows beyond float32"],
    "runner/border": ["rows that aren't finite"],
    "graph/fixed-point-rows": ["the rows of a fixed point, in "],
    "bijections/ode/rows": ["the rows of a solve"],
    "train/fit": ["refuses examples that aren't finite"],
  },
  pixels: {
    "runner/sample": ["samples"],
    "runner/pixels": ["pixels"],
    "data/array-data": ["pixels 0..1", "pixels -1..1", "16-bit pixels", "binary pixels"],
    "train/batches": ["real images"],
  },
  units: { "border/units": ["move log p of "] },
  "conditions in their own units": { "border/units": ["of a condition don't matter to "] },
  "digits that float32 loses": {
    "border/columns": ["digits that float32 loses"],
    "data/preprocessing": ["keeps all digits of unix times within a minute"],
  },
  "constant, copied, binary or whole-number columns": {
    "border/columns": ["constant, copied, binary or whole-number columns"],
    "border/fractions": [
      "fractions in whole-number columns",
      "fractions in whole-number columns of a file",
    ],
    "train/border": ["adds noise of one unit to whole-number columns, and to them alone"],
  },
  "batch normalisation on few examples": {
    "border/models": ["batch normalisation on few examples"],
    "train/batch-norm": ["running statistics", "batch normalisation"],
    "train/workers": ["take the statistics of batch normalisation from the whole batch"],
  },
  "MADE and MAF, condition through narrow masks": {
    "border/models": ["MADE and MAF, condition through narrow masks"],
    "nn/masked": ["lets a condition reach every output, however narrow its layers"],
  },
  "one feature": { "border/models": ["one feature"] },
  "c near 1": { "models/define": ["a bound c near 1"] },
  "a runner's load during score": {
    "runner/load": ["lets calls under way end with what they began with"],
  },
  "divergence at step 0": {
    "train/border": [
      "never writes a checkpoint that isn't finite: values of 1e30 are named at the start",
    ],
    "train/fit": ["blames the update if it overflows, and doesn't store it"],
  },
  certificates: {
    "certificates/certified-norm": ["bounds I + 0.003 aaᵀ of 784 features, "],
    "certificates/bounds": ["proves the norms of the weights in use, "],
    "cli/run": ["of a classifier is evaluated, reconstructed and described"],
  },
};

const source = (file: string): string =>
  readFileSync(new URL(`../../../test/${file}.test.ts`, import.meta.url), "utf8");

describe("what mustn't get in silently", () => {
  for (const [row, files] of Object.entries(table)) {
    it(`is tested: ${row}`, () => {
      for (const [file, names] of Object.entries(files)) {
        const text = source(file);
        for (const name of names) {
          const isThere = [`"${name}`, `\`${name}`, `${name}: [`].some((form) =>
            text.includes(form),
          );
          assert.ok(isThere, `no test "${name}" in test/${file}.test.ts`);
        }
      }
    });
  }
});
