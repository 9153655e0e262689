import { expectKind } from "../border/kinds.js";
import { expectOneOf, expectOptions } from "../border/options.js";
import { IresnetError } from "../errors.js";
import type { JsonObject } from "../json.js";
import { coreOf, type AnyRunner, type ScoreOptions } from "../runner/index.js";
import { scoreOptions } from "../tables/held-out.js";
import { version } from "../version.js";
import { describeExport, metadataOf, type ExportDescription } from "./describe.js";
import { writeRequest, type Source } from "./file.js";
import { exportTargets, requestFor, type ExportTarget, type Request } from "./request.js";

export interface ExportOptions extends Pick<ScoreOptions, "logDet" | "terms"> {
  /** The quantity that the file computes: see {@link exportOnnx}. */
  readonly to: ExportTarget;
  /** Kept in the file's metadata and in its description beside what they hold anyway. */
  readonly metadata?: JsonObject;
}

export interface OnnxExport {
  /** The file. */
  readonly bytes: Uint8Array;
  /** A description to keep beside it: many runtimes don't hand out a file's metadata. */
  readonly description: ExportDescription;
}

/** Sizes that stand for the batch, far from each other and from any other number of a graph. */
const standIns = [2 ** 28 + 3, 2 ** 30 + 2 ** 29 + 2 ** 14 + 1] as const;

const where = "exportOnnx";

/**
 * A model with its numbers as one ONNX file for batches of any size, of standard operators of set 13:
 * norms settled and folded into the weights, preprocessing inside, noise as inputs for which zeros
 * give results that repeat.
 *
 * | to         | inputs                                | outputs                                         |
 * | ---------- | ------------------------------------- | ----------------------------------------------- |
 * | `score`    | x, condition?, noise?, probe?         | log_prob, log_det, z, score?, p_value?, residual? |
 * | `forward`  | x, condition?                         | z, residual?                                    |
 * | `inverse`  | z, condition?                         | x, residual?                                    |
 * | `sample`   | noise, choice?, condition?            | x, residual?                                    |
 * | `classify` | x                                     | probabilities                                   |
 *
 * The first axis of each is the batch. x is in the data's own units, in float64 where something was
 * learned of its columns; a row of a table holds a number for each column, with codes for categories
 * and NaN for missing cells. A row that a runner would refuse is NaN in every output but `residual`,
 * and changes no other; one that leaves float32 on its way is NaN in what comes of it after that.
 *
 * @param options.to what it computes
 * @param options.logDet as {@link ScoreOptions.logDet}; a table's as `scoreTable` does unless given
 * @param options.terms as {@link ScoreOptions.terms}
 * @throws {UsageError} if the model has no such ability, or an option is unknown.
 *
 * @example
 * const { bytes, description } = await exportOnnx(runner, { to: "score" });
 */
export async function exportOnnx(runner: AnyRunner, options: ExportOptions): Promise<OnnxExport> {
  expectKind(runner, "runner", where);
  expectOptions(options, ["to", "logDet", "terms", "metadata"], where);
  const to = expectOneOf(options.to, exportTargets, `${where}: to`);
  if (options.logDet !== undefined) {
    expectOneOf(options.logDet, ["exact", "estimate"], `${where}: logDet`);
  }
  const { model, data } = runner;
  const core = coreOf(runner);
  return core.use(async (numbers) => {
    const isUsual = options.logDet === undefined && options.terms === undefined;
    const scoring = data?.calibration && isUsual ? scoreOptions(model) : options;
    const request = requestFor(to, model, numbers, scoring);
    const source = { core, numbers, data };
    const [file, other] = [
      await encoded(request, source, options, standIns[0]),
      await encoded(request, source, options, standIns[1]),
    ];
    expectSame(file.bytes, other.bytes, model.kind);
    return file;
  });
}

async function encoded(
  request: Request,
  source: Source,
  { metadata }: ExportOptions,
  standIn: number,
): Promise<OnnxExport> {
  const written = await writeRequest(request, source, standIn);
  const description = describeExport(request, source, written, metadata);
  const bytes = written.encode({
    producerVersion: version,
    doc: `${request.to} of ${source.core.model.kind}, by iresnet`,
    metadata: metadataOf(description),
  });
  return { bytes, description };
}

/**
 * What a graph does with the size of its batch other than to multiply it by a number, and add one,
 * would differ between two.
 * @throws {IresnetError} if it does.
 */
function expectSame(a: Uint8Array, b: Uint8Array, kind: string): void {
  const at = a.length === b.length ? a.findIndex((byte, i) => byte !== b[i]) : 0;
  if (at < 0) return;
  throw new IresnetError(
    `${where}: expected a ${kind} that treats each row by itself, got one in which a number depends on how many there are; use axisSize(x, 0) for shapes alone`,
    { name: kind },
  );
}
