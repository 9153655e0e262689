import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { IresnetError } from "../../src/errors.js";
import * as everywhere from "../../src/index.js";
import * as node from "../../src/node.js";
import { rightModules } from "./right-modules.js";
import { folder, rightArguments as rightData, type Right } from "./right-arguments.js";

const rightArguments: Readonly<Record<string, Right>> = { ...rightData, ...rightModules };

const wrong: readonly unknown[] = [
  undefined,
  null,
  5,
  NaN,
  "x",
  true,
  [],
  {},
  [null],
  new Date(0),
  () => undefined,
];

/** Private constructors, and what copies a bundled worker that the tests' build hasn't got. */
const made: readonly string[] = ["Runner", "TableExplainer", "copyWebAssets"];
/** A right call takes long, and other tests make it. */
const slow: readonly string[] = ["fitPictures", "fitTable", "measurePlane", "openMpi", "trainRun"];

type Callable = (...given: readonly unknown[]) => unknown;
type Constructor = new (...given: readonly unknown[]) => unknown;

const all: Record<string, unknown> = { ...everywhere, ...node, ...everywhere.graph };
const exported = Object.entries(all).filter(
  (entry): entry is [string, Callable | Constructor] =>
    typeof entry[1] === "function" && !made.includes(entry[0]) && !entry[0].endsWith("Error"),
);

const isClass = (f: Callable | Constructor): f is Constructor =>
  Function.prototype.toString.call(f).startsWith("class");

/** What a call throws, its result read to the end and closed. */
async function thrown(f: Callable | Constructor, given: readonly unknown[]): Promise<unknown> {
  try {
    const result = isClass(f) ? new f(...given) : await f(...given);
    if (typeof result !== "object" || result === null) return undefined;
    if (Symbol.asyncIterator in result) await drained(result as AsyncIterable<unknown>);
    if ("close" in result) await (result.close as () => Promise<void>)();
    return undefined;
  } catch (error) {
    return error;
  }
}

async function drained(parts: AsyncIterable<unknown>): Promise<void> {
  const iterator = parts[Symbol.asyncIterator]();
  while (!(await iterator.next()).done);
}

// What takes a path writes there, be it a wrong one.
process.chdir(folder);

describe("wrong arguments", () => {
  it("are tried on every function and class that a user calls", () => {
    assert.deepEqual(
      exported.flatMap(([name]) => (name in rightArguments ? [] : [name])),
      [],
    );
  });

  for (const [name, f] of exported) {
    it(`are refused, or of no harm, in ${name}`, async () => {
      const right = (await rightArguments[name]?.()) ?? [];
      const calls = right.flatMap((_, at) =>
        wrong.map((value) => right.map((one, i) => (i === at ? value : one))),
      );
      if (!slow.includes(name)) calls.unshift([...right]);
      for (const given of calls) {
        const error = await thrown(f, given);
        if (error !== undefined) assert.ok(error instanceof IresnetError, (error as Error).stack);
      }
    });
  }
});
