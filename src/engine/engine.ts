import type { Closable } from "../closable.js";
import type { Tensor } from "../graph/index.js";
import type { Arrays } from "../tree.js";

/** The graph that runs, already simplified. */
export interface Graph {
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** New values of stored arrays, by the name they are stored under. */
  readonly updates: Readonly<Record<string, Tensor>>;
  /** Outputs that must be finite, or no update is stored. */
  readonly guard: readonly string[];
  /** Whether it is a stage of a step of training: others may hold its convolutions' gradients. */
  readonly trains?: boolean;
}

/**
 * Something that executes graphs. Runs of all its sessions queue in the order they are asked for.
 * Closing it ends its sessions and stores.
 */
export interface Engine extends Closable {
  /** Runtime, version and device, such as `onnxruntime-node 1.30.0 cpu, 2 threads`. */
  readonly description: string;
  /** Makes a graph ready to run. */
  load(graph: Graph): Promise<Session>;
  /**
   * Makes the stages of a team's step ready to run as one. They add up their shares through `port`,
   * which is the engine's afterwards. Absent in engines without a thread of their own.
   */
  loadStages?(stages: readonly Graph[], port: MessagePort): Promise<Session>;
  createStore(arrays: Arrays): Promise<Store>;
}

/** Arrays that live beside the sessions, so that parameters needn't travel at each run. */
export interface Store extends Closable {
  /**
   * Copies of the arrays of these names, by default of all.
   * @throws {UsageError} if a name isn't stored.
   */
  read(names?: readonly string[]): Promise<Arrays>;
  /** Adds or replaces arrays. */
  write(arrays: Arrays): Promise<void>;
}

/** A graph ready to run. */
export interface Session extends Closable {
  /** Names of the inputs the graph has, from feeds or a store. */
  readonly inputs: readonly string[];
  /**
   * Runs once. Inputs of the graph that aren't among `feeds` come from the store, and afterwards
   * the store holds the updates: all of them, or none if a guarded output isn't finite.
   *
   * @throws {UsageError} if an input is neither fed nor stored, or updates have no store to go to.
   * @throws {ShapeError} if an array hasn't the shape its input has.
   */
  run(feeds: Arrays, store?: Store): Promise<Arrays>;
}
