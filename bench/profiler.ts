import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Program } from "../src/engine/program.js";
import type { Arrays, Shape } from "../src/tree.js";
import { LocalSession } from "./session.js";

/** One operator in one run, as ONNX Runtime's profiler saw it. */
export interface Operation {
  readonly op: string;
  readonly ms: number;
  readonly inputs: readonly Shape[];
  readonly outputs: readonly Shape[];
}

/** One run: its operators in order, and the time it took in all. */
export interface ProfiledRun {
  readonly ms: number;
  readonly operations: readonly Operation[];
}

/** An entry of the profile, in microseconds. */
interface Event {
  readonly cat: "Session" | "Node";
  readonly name: string;
  readonly dur: number;
  readonly ts: number;
  readonly args: {
    readonly op_name?: string;
    /** One `{ type: shape }` for each value. */
    readonly input_type_shape?: readonly Readonly<Record<string, Shape>>[];
    readonly output_type_shape?: readonly Readonly<Record<string, Shape>>[];
  };
}

/** Operators that contain others, which are listed by themselves. */
const containers: readonly string[] = ["Loop", "If", "Scan"];

/** Profiles `rounds` runs after a first, uncounted one. */
export async function profile(
  program: Program,
  arrays: Arrays,
  { threads, rounds }: { readonly threads: number; readonly rounds: number },
): Promise<ProfiledRun[]> {
  const folder = mkdtempSync(join(tmpdir(), "iresnet-profile-"));
  try {
    const session = await LocalSession.create(program, threads, {
      profile: join(folder, "profile"),
    });
    for (let i = 0; i <= rounds; i++) await session.run(arrays);
    await session.close();
    const [file] = readdirSync(folder);
    return parseProfile(readFileSync(join(folder, file!), "utf8")).slice(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The runs in a profile that ONNX Runtime wrote. */
export function parseProfile(json: string): ProfiledRun[] {
  const events = JSON.parse(json) as readonly Event[];
  return events
    .filter(({ name }) => name === "model_run")
    .map(({ ts: start, dur }) => ({
      ms: dur / 1000,
      operations: events
        .filter(({ cat, ts }) => cat === "Node" && ts >= start && ts < start + dur)
        .flatMap(operationOf),
    }));
}

function operationOf({ name, dur, args }: Event): Operation[] {
  const { op_name: op, input_type_shape: inputs = [], output_type_shape: outputs = [] } = args;
  if (op === undefined || containers.includes(op) || !name.endsWith("_kernel_time")) return [];
  const shapes = (values: typeof inputs): Shape[] =>
    values.flatMap((value) => Object.values(value));
  return [{ op, ms: dur / 1000, inputs: shapes(inputs), outputs: shapes(outputs) }];
}
