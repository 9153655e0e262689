import type { JsonValue } from "../../json.js";
import type { TrainingOptions } from "../config.js";

/** A model and its training, known to work together. */
export interface Preset {
  readonly name: string;
  /** One line: what it is, and how long it takes where that was measured. */
  readonly description: string;
  /** An image set, or a toy density. */
  readonly data: string;
  readonly model: { readonly kind: string; readonly config: JsonValue };
  readonly training: TrainingOptions;
}
