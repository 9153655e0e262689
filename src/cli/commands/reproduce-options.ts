import type { EngineOptions, ResultOptions } from "../options.js";

/** Options of `iresnet reproduce`. */
export interface ReproduceOptions extends EngineOptions, ResultOptions {
  readonly data?: string;
  readonly rows?: readonly string[];
  readonly budget?: number;
  readonly seed?: number;
  readonly atOnce?: number;
  readonly workers?: number | "auto";
  readonly splits?: number;
  readonly steps?: number;
  readonly run?: string;
  readonly out?: string;
  readonly resume?: boolean;
}
