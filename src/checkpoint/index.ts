// Not here: checkpoint-file.ts, which needs Node.
export {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  type EncodeCheckpointOptions,
  inferenceCheckpoint,
} from "./checkpoint.js";
export { openCheckpoint, type Opened } from "./open.js";
export { type FloatBits } from "./safetensors.js";
export { inferenceArrays } from "./stored-arrays.js";
