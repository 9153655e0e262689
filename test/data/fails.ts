import assert from "node:assert/strict";
import { DataError } from "../../src/errors.js";

/** The promise fails with a DataError of the usual form that matches `message`. */
export async function rejects(promise: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => isDataError(error, message));
}

/** The call fails with a DataError of the usual form that matches `message`. */
export function throws(call: () => unknown, message: RegExp): void {
  assert.throws(call, (error) => isDataError(error, message));
}

function isDataError(error: unknown, message: RegExp): true {
  assert.ok(error instanceof DataError, String(error));
  assert.match(error.message, /: expected .+, got .+; .+/);
  assert.match(error.message, message);
  return true;
}
