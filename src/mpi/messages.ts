import type { Owned } from "../engine/sum-port.js";

/** What a process asks of its thread for MPI, one after another. */
export type Request =
  | { readonly call: "open" }
  | { readonly call: "sum"; readonly data: Owned }
  | { readonly call: "connect"; readonly port: MessagePort }
  | { readonly call: "finalize" }
  | { readonly call: "abort" };

export type Reply =
  | { readonly rank: number; readonly size: number; readonly name: string }
  | { readonly sum: Owned }
  | { readonly failure: string }
  | { readonly done: true };
