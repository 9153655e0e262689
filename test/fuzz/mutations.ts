import fc from "fast-check";

/** How often each property is tried, and from which seed: the same tries each time unless told. */
export const tries = {
  numRuns: Number(process.env.FUZZ_RUNS ?? 25),
  seed: Number(process.env.FUZZ_SEED ?? 1),
};

type Mutation = (bytes: Uint8Array) => Uint8Array;

const place = fc.double({ min: 0, max: 1, noNaN: true });

/** What storage, networks and people do to a file. */
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.nat(7)).map(
    ([at, bit]): Mutation =>
      (bytes) =>
        changed(bytes, at, (value) => value ^ (1 << bit)),
  ),
  fc.tuple(place, fc.nat(255)).map(
    ([at, value]): Mutation =>
      (bytes) =>
        changed(bytes, at, () => value),
  ),
  place.map(
    (at): Mutation =>
      (bytes) =>
        bytes.slice(0, Math.floor(at * bytes.length)),
  ),
  fc.tuple(place, fc.nat(64)).map(([at, length]): Mutation => (bytes) => {
    const start = Math.floor(at * bytes.length);
    return joined(bytes.subarray(0, start), bytes.subarray(start + length));
  }),
  fc.tuple(place, fc.uint8Array({ maxLength: 64 })).map(([at, inserted]): Mutation => (bytes) => {
    const start = Math.floor(at * bytes.length);
    return joined(bytes.subarray(0, start), inserted, bytes.subarray(start));
  }),
);

/** Bytes after one to five mutations. */
export function mutated(bytes: Uint8Array): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return fc
    .array(mutation, { minLength: 1, maxLength: 5 })
    .map((all) => Uint8Array.from(all.reduce((content, change) => change(content), bytes)));
}

function changed(bytes: Uint8Array, at: number, to: (value: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes;
  const copy = bytes.slice();
  const index = Math.min(copy.length - 1, Math.floor(at * copy.length));
  copy[index] = to(copy[index]!);
  return copy;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
