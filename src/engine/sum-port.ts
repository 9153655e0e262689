import { IresnetError } from "../errors.js";
import type { Transport } from "./transport.js";

/** What comes back for an array that went through a port. */
export type SumReply = { readonly sum: Float32Array } | { readonly failure: string };

/** Sums that whoever holds the other end of `port` takes, one at a time. */
export function sumThrough(port: MessagePort): Transport["sum"] {
  let settle: (reply: SumReply) => void = () => undefined;
  let ended: SumReply | undefined;
  port.onmessage = ({ data }: MessageEvent<SumReply>) => {
    settle(data);
  };
  port.addEventListener("close", () => {
    ended = { failure: "Transport: expected a sum, got the end of its thread" };
    settle(ended);
  });
  return async (data) => {
    const own = ownBuffer(data);
    const asked = new Promise<SumReply>((resolve) => {
      settle = resolve;
      port.postMessage(own, [own.buffer]);
    });
    const reply = ended ?? (await asked);
    if ("failure" in reply) throw new IresnetError(reply.failure);
    return reply.sum;
  };
}

/** Numbers whose buffer holds nothing else, and may be handed over with them. */
export type Owned = Float32Array & { readonly buffer: ArrayBuffer };

/** The numbers, copied if their buffer holds others. */
export const ownBuffer = (data: Float32Array): Owned =>
  (data.length * 4 === data.buffer.byteLength ? data : data.slice()) as Owned;
