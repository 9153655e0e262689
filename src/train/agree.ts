import { describeData, type DataSet } from "../data/index.js";
import type { Transport } from "../engine/index.js";
import { UsageError } from "../errors.js";
import { Random } from "../random.js";
import { mapValues, type Arrays } from "../tree.js";
import type { BatchSource } from "./batches.js";
import type { Job } from "./graphs.js";

/** What processes that train together must have alike, beside their job. */
export interface Shared {
  readonly data: DataSet;
  readonly source: BatchSource;
  /** Steps taken before. */
  readonly step: number;
  readonly onWarning: (warning: string) => void;
}

/** Rows that stand for the data. */
const compared = 64;

/**
 * Checks, at the first meeting of processes, that they are about to train the same.
 * @throws {UsageError} naming the ranks that aren't, in every process.
 */
export async function expectAlike(
  { model: { kind, config: built }, config, engine, members }: Job,
  { data, source, step, onWarning }: Shared,
): Promise<void> {
  const { transport } = members[0]!;
  const { preprocessing } = describeData(data);
  const rows = mapValues(source.examples(compared), ({ shape, data: numbers }) => [
    shape,
    Array.from(numbers),
  ]);
  const about = { kind, built, config, preprocessing, count: source.count, rows, step };
  const others = await differing(transport, JSON.stringify(about));
  if (others.length > 0) {
    throw new UsageError(
      `fit: expected the same model, configuration, data and step in all processes, got others in rank ${others.join(", ")}; start all by one command, and give every machine the same files`,
    );
  }
  const odd = await differing(transport, engine.description);
  if (odd.length > 0) {
    onWarning(
      `fit: rank ${odd.join(", ")} computes on another engine than rank 0, ${engine.description}: rounding may drive the copies of the model apart; choose machines of one kind, and the same threads`,
    );
  }
}

/** The ranks that hold another text than rank 0; all learn the same. */
async function differing(transport: Transport, text: string): Promise<number[]> {
  const { rank, size } = transport;
  // 16-bit numbers, which float32 holds.
  const digest = Random.fromSeed(0)
    .split(text)
    .integers(4, 2 ** 16);
  const digests = new Float32Array(size * digest.length);
  digests.set(digest, rank * digest.length);
  const all = await transport.sum(digests);
  const of = (i: number): string => all.slice(i * digest.length, (i + 1) * digest.length).join();
  return Array.from({ length: size }, (_, i) => i).filter((i) => of(i) !== of(0));
}

/** Rank 0's arrays, at every member: its own may differ in the last bits on another processor. */
export async function shareArrays(transport: Transport, arrays: Arrays): Promise<Arrays> {
  const all = Object.values(arrays);
  const packed = new Float32Array(all.reduce((total, { data }) => total + data.length, 0));
  let end = 0;
  for (const { data } of transport.rank === 0 ? all : []) {
    packed.set(data, end);
    end += data.length;
  }
  const sum = await transport.sum(packed);
  let start = 0;
  return mapValues(arrays, ({ shape, data }) => {
    const from = start;
    start += data.length;
    return { shape, data: sum.slice(from, start) };
  });
}
