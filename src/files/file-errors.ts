import { FileError } from "../errors.js";

/** The error for a file that could not be read; `expected` says what it should have been. */
export function readError(path: string, expected: string, cause: unknown): FileError {
  return fileError(`${path}: expected ${expected}`, cause);
}

/** The error for a file that could not be written. */
export function writeError(path: string, cause: unknown): FileError {
  return fileError(`${path}: expected to write this file`, cause);
}

function fileError(expectation: string, cause: unknown): FileError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const { got, remedy } = problems[code] ?? {
    got: String(cause),
    remedy: "check the path and the disk",
  };
  return new FileError(`${expectation}, got ${got}; ${remedy}`, { cause });
}

interface Problem {
  readonly got: string;
  readonly remedy: string;
}

const diskFull: Problem = {
  got: "a full disk",
  remedy: "free some space, then go on",
};
const forbidden: Problem = {
  got: "no permission",
  remedy: "change the permissions or choose another path",
};
/** Whether an error says that nothing may be written there, so that asking again is of no use. */
export function isReadOnly(error: unknown): boolean {
  const cause = error instanceof FileError ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return code === "EROFS" || code === "EACCES" || code === "EPERM";
}

const mixedUp: Problem = {
  got: "a file in place of a folder, or the reverse",
  remedy: "choose another path",
};

/** What went wrong and what to do, by the system's code. */
const problems: Readonly<Record<string, Problem>> = {
  ENOENT: { got: "no such file", remedy: "check the path" },
  ENOSPC: diskFull,
  EDQUOT: diskFull,
  EACCES: forbidden,
  EPERM: forbidden,
  EROFS: { got: "a read-only disk", remedy: "choose a path on another disk" },
  EEXIST: mixedUp,
  EISDIR: mixedUp,
  ENOTDIR: mixedUp,
  EIO: { got: "an error of the disk", remedy: "check the disk" },
  EFBIG: { got: "a file larger than the disk takes", remedy: "choose a path on another disk" },
  ENAMETOOLONG: { got: "too long a name", remedy: "choose a shorter one" },
  ELOOP: { got: "links that lead in a circle", remedy: "check the path" },
  EMFILE: { got: "too many open files", remedy: "raise the limit (ulimit -n)" },
};
