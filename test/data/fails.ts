import assert from "node:assert/strict";
import { DataError, FileError, type IresnetError } from "../../src/errors.js";

/** The promise fails with a DataError of the usual form that matches `message`. */
export async function rejects(promise: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => isUsual(error, DataError, message));
}

/** The promise fails with a FileError of the usual form that matches `message`. */
export async function rejectsFile(promise: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => isUsual(error, FileError, message));
}

/** The call fails with a DataError of the usual form that matches `message`. */
export function throws(call: () => unknown, message: RegExp): void {
  assert.throws(call, (error) => isUsual(error, DataError, message));
}

function isUsual(error: unknown, kind: typeof IresnetError, message: RegExp): true {
  assert.ok(error instanceof kind, String(error));
  assert.match(error.message, /: expected .+, got .+; .+/);
  assert.match(error.message, message);
  return true;
}
