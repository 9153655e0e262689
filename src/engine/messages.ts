import type { Arrays } from "../tree.js";
import type { Program } from "./program.js";

/** What computes. */
export type Device = "cpu" | "webgpu";

export interface StartOptions {
  readonly device: Device;
  readonly threads: number;
  /** In a page: this package's version, and the folder of the runtime's files. */
  readonly page?: { readonly version: string; readonly assets: string };
}

/** What the engine asks of its worker: what each call takes and gives. */
export interface Calls {
  /** Gives the version of the runtime. */
  readonly start: Call<StartOptions, string>;
  readonly load: Call<{ readonly session: number; readonly program: Program }>;
  readonly loadStages: Call<{
    readonly session: number;
    readonly programs: readonly Program[];
    readonly port: MessagePort;
  }>;
  readonly run: Call<
    { readonly session: number; readonly feeds: Arrays; readonly store?: number },
    Arrays
  >;
  readonly closeSession: Call<{ readonly session: number }>;
  readonly createStore: Call<{ readonly store: number; readonly arrays: Arrays }>;
  readonly readStore: Call<{ readonly store: number; readonly names?: readonly string[] }, Arrays>;
  readonly writeStore: Call<{ readonly store: number; readonly arrays: Arrays }>;
  readonly closeStore: Call<{ readonly store: number }>;
  readonly close: Call<Record<string, never>>;
}

interface Call<Request, Result = undefined> {
  readonly request: Request;
  readonly result: Result;
}

export type CallName = keyof Calls;

/** One call under way, told from others by its id. */
export type Request = {
  readonly [K in CallName]: {
    readonly id: number;
    readonly call: K;
    readonly request: Calls[K]["request"];
  };
}[CallName];

export type Reply =
  | { readonly id: number; readonly result: Calls[CallName]["result"] }
  | { readonly id: number; readonly failure: Failure };

/** An error on its way between threads, where its class would get lost. */
export interface Failure {
  readonly kind: "shape" | "usage" | "other";
  readonly message: string;
}
