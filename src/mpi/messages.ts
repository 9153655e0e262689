/** Numbers that are handed over; written so that TypeScript before 5.7 knows it. */
export type Numbers = Float32Array & { readonly buffer: ArrayBuffer };

/** What a process asks of its thread for MPI, one after another. */
export type Request =
  | { readonly call: "open" }
  | { readonly call: "sum"; readonly data: Numbers }
  | { readonly call: "finalize" }
  | { readonly call: "abort" };

export type Reply =
  | { readonly rank: number; readonly size: number; readonly name: string }
  | { readonly sum: Numbers }
  | { readonly failure: string }
  | { readonly done: true };
