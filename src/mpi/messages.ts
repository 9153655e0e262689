/** What a process asks of its thread for MPI, one after another. */
export type Request =
  | { readonly call: "open" }
  | { readonly call: "sum"; readonly data: Float32Array<ArrayBuffer> }
  | { readonly call: "finalize" }
  | { readonly call: "abort" };

export type Reply =
  | { readonly rank: number; readonly size: number; readonly name: string }
  | { readonly sum: Float32Array<ArrayBuffer> }
  | { readonly failure: string }
  | { readonly done: true };
