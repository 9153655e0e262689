import {
  blobSource,
  bytesSource,
  decodeTable,
  encodeTable,
  openRunner,
  openTable,
  prepare,
  Random,
  readTable,
  scoreTable,
  tableKinds,
  type Engine,
} from "../../src/index.js";

/** What a checkpoint of a table makes of a file, as numbers that a page can hand to a test. */
export interface ScoredFile {
  /** What the model takes: the rows standardised. */
  readonly prepared: readonly number[];
  readonly logProb: readonly number[];
  readonly score: readonly number[];
  readonly pValue: readonly number[];
  readonly problems: readonly string[];
  readonly samples: readonly number[];
  /** Columns of the samples as they would be written, but for their numbers. */
  readonly texts: Readonly<Record<string, readonly string[]>>;
}

/** Scores a file's rows and draws samples. */
export async function scoreFile(
  engine: Engine,
  checkpoint: Uint8Array,
  file: Uint8Array<ArrayBuffer>,
): Promise<ScoredFile> {
  const runner = await openRunner(checkpoint, { engine });
  const { table: plan, preprocessing } = runner.data!;
  const isPage = "document" in globalThis;
  const source = isPage ? blobSource("new.csv", new Blob([file])) : bytesSource("new.csv", file);
  const table = await readTable(
    await openTable(source, { kinds: tableKinds(plan!), invalid: "missing" }),
  );
  const { x } = encodeTable(table, plan!, { invalid: "nan" });
  const scores = await scoreTable(runner, table);
  const drawn = await runner.sample(20, { random: Random.fromSeed(4) });
  await runner.close();
  const texts = decodeTable(drawn, plan!).columns.flatMap((column) =>
    column.kind === "text"
      ? [[column.name, Array.from(column.codes, (code) => column.dictionary[code] ?? "")] as const]
      : [],
  );
  return {
    prepared: [...prepare(x, preprocessing).x.data],
    logProb: [...scores.logProb],
    score: [...scores.score],
    pValue: [...scores.pValue],
    problems: scores.problems.map(({ line, column, got }) => `${line} ${column} ${got}`),
    samples: [...drawn.data],
    texts: Object.fromEntries(texts),
  };
}
