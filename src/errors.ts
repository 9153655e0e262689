/**
 * Errors a caller can act on. Every message reads `Where: expected, got; remedy`.
 * The command line prints the message alone and exits with {@link IresnetError.exitCode}.
 */
export class IresnetError extends Error {
  /** Process exit code: 1 for a failure, 2 for a mistake in the call. */
  readonly exitCode: 1 | 2 = 1;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A tensor or array has another shape than the operation needs. */
export class ShapeError extends IresnetError {}

/** A Lipschitz bound is not in (0, 1), or a block breaks the bound it promised. */
export class LipschitzError extends IresnetError {}

/** A fixed-point iteration ended above its tolerance. */
export class ConvergenceError extends IresnetError {}

/** The loss or its gradient became NaN or infinite. */
export class DivergenceError extends IresnetError {}

/** Data is missing, truncated, or holds values outside its range. */
export class DataError extends IresnetError {}

/** A file is missing, cannot be read or written, or doesn't hold what it should. */
export class FileError extends IresnetError {}

/** A checkpoint is truncated, or belongs to another model. */
export class CheckpointError extends IresnetError {}

/** An option, preset or name that does not exist, or a combination that cannot work. */
export class UsageError extends IresnetError {
  override readonly exitCode = 2;
}
