/** The subject of an error, as data beside its sentence. */
export interface ErrorDetails {
  /** Path of the block or layer, such as `stages.0.blocks.3`. */
  readonly block?: string;
  /** The residual that an iteration left, relative to 1 + |y|₂. */
  readonly residual?: number;
  readonly tolerance?: number;
  /** Training step, 1 at first. */
  readonly step?: number;
  /** Name of the array, option or argument. */
  readonly name?: string;
  /** Rows concerned, 0 at first. */
  readonly rows?: readonly number[];
  /** Columns concerned, by name. */
  readonly columns?: readonly string[];
}

/** Errors a caller can act on. Every message reads `Where: expected, got; remedy`. */
export class IresnetError extends Error {
  override readonly name: string = "IresnetError";
  readonly details: ErrorDetails;

  constructor(message: string, { cause, ...details }: ErrorDetails & ErrorOptions = {}) {
    super(message, cause === undefined ? {} : { cause });
    this.details = details;
  }
}

/** A tensor or array has another shape or type than the operation needs. */
export class ShapeError extends IresnetError {
  override readonly name = "ShapeError";
}

/** A Lipschitz bound is not in (0, 1), or a block breaks the bound it promised. */
export class LipschitzError extends IresnetError {
  override readonly name = "LipschitzError";
}

/** An iteration or a solve ended above its tolerance. */
export class ConvergenceError extends IresnetError {
  override readonly name = "ConvergenceError";
}

/** The loss or its gradient became NaN or infinite. */
export class DivergenceError extends IresnetError {
  override readonly name = "DivergenceError";
}

/** Data is missing, truncated, or holds values outside its range. */
export class DataError extends IresnetError {
  override readonly name = "DataError";
}

/** A file is missing, cannot be read or written, or doesn't hold what it should. */
export class FileError extends IresnetError {
  override readonly name = "FileError";
}

/** A checkpoint is truncated, or belongs to another model. */
export class CheckpointError extends IresnetError {
  override readonly name = "CheckpointError";
}

/** An option, preset or name that does not exist, or a combination that cannot work. */
export class UsageError extends IresnetError {
  override readonly name = "UsageError";
}
