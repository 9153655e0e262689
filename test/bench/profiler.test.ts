import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { costOf, kindsOfWork } from "../../bench/cost.js";
import { floorMs } from "../../bench/machine.js";
import { formatTable, tabulate } from "../../bench/profile-table.js";
import { parseProfile, profile } from "../../bench/profiler.js";
import { workRecogniser, type DoneWork } from "../../bench/work.js";
import { toProgram } from "../../src/engine/program.js";
import { conv2d, conv2dWeightGrad, elu, input, matmul, sum } from "../../src/graph/index.js";
import { ndarray, sizeOf } from "../../src/tree.js";

const node = (op: string, ts: number, dur: number, inner: object = {}): object => ({
  cat: "Node",
  name: `${op}_1_kernel_time`,
  ts,
  dur,
  args: { op_name: op, ...inner },
});
const run = (ts: number, dur: number): object => ({
  cat: "Session",
  name: "model_run",
  ts,
  dur,
  args: {},
});

describe("parseProfile", () => {
  it("gives each run its own operators, in milliseconds, without loops around others", () => {
    const shapes = {
      input_type_shape: [{ float: [2, 3] }, { int64: [2] }],
      output_type_shape: [{ float: [6] }],
    };
    const events = [
      node("Exp", 5, 1),
      node("Loop", 110, 80),
      node("Reshape", 120, 30, shapes),
      run(100, 100),
      node("Exp", 320, 20),
      run(300, 50),
    ];
    assert.deepEqual(parseProfile(JSON.stringify(events)), [
      {
        ms: 0.1,
        operations: [{ op: "Reshape", ms: 0.03, inputs: [[2, 3], [2]], outputs: [[6]] }],
      },
      { ms: 0.05, operations: [{ op: "Exp", ms: 0.02, inputs: [], outputs: [] }] },
    ]);
  });
});

describe("a profile of ONNX Runtime", () => {
  const x = input("x", [8, 4, 6, 6]);
  const g = input("g", [8, 8, 6, 6]);
  const outputs = {
    same: conv2d(x, input("w", [8, 4, 3, 3])),
    pointwise: conv2d(x, input("p", [8, 4, 1, 1])),
    product: matmul(input("a", [6, 5]), input("b", [5, 7])),
    pointwiseGradient: conv2dWeightGrad(x, g, 1),
    smooth: elu(x),
    total: sum(x, [1]),
  };
  const arrays = Object.fromEntries(
    Object.values(outputs)
      .flatMap(({ inputs }) => inputs)
      .flatMap((i) => (i.op === "input" ? [[i.attributes.name, i.shape] as const] : []))
      .map(([name, shape]) => [name, ndarray(new Float32Array(sizeOf(shape)), shape)]),
  );

  it("finds the FLOPs of the graph in what ran, kind by kind", async () => {
    const program = toProgram({ outputs, updates: {}, guard: [] });
    const runs = await profile(program, arrays, { threads: 1, rounds: 2 });
    assert.equal(runs.length, 2);
    const rows = tabulate(runs, workRecogniser(Object.values(outputs)));
    const needed = costOf(outputs);
    for (const kind of kindsOfWork.filter((kind) => !["elementwise", "movement"].includes(kind))) {
      const ran = rows.find((row) => row.kind === kind && row.op === undefined);
      assert.equal(ran?.flops, needed[kind].flops, kind);
    }
    assert.ok(runs.every(({ ms, operations }) => operations.every((o) => o.ms <= ms)));
  });
});

describe("workRecogniser", () => {
  const workOf = workRecogniser([]);
  const operation = {
    op: "Conv",
    ms: 1,
    inputs: [
      [1, 32, 10, 10],
      [16, 32, 8, 8],
    ],
  };

  it("takes a convolution that shrinks the image for a weight gradient", () => {
    const { kind, flops } = workOf({ ...operation, outputs: [[1, 16, 3, 3]] });
    assert.deepEqual([kind, flops], ["weight gradient", 2 * 16 * 9 * 32 * 64]);
  });

  it("says when it doesn't know an operator", () => {
    assert.equal(workOf({ op: "Einsum", ms: 1, inputs: [], outputs: [] }).kind, "other");
  });
});

describe("tabulate", () => {
  const work: DoneWork = { kind: "elementwise", flops: 4e9, bytes: 2 ** 20 };
  const operation = (op: string, ms: number) => ({ op, ms, inputs: [], outputs: [] });
  const runs = [
    { ms: 10, operations: [operation("Add", 1), operation("Exp", 3)] },
    { ms: 12, operations: [operation("Add", 2), operation("Exp", 4)] },
  ];
  const rows = tabulate(runs, () => work);

  it("averages over runs, the longest first", () => {
    assert.deepEqual(
      rows.map(({ kind, op, count, ms, flops }) => [kind, op, count, ms, flops]),
      [
        ["elementwise", undefined, 2, 5, 8e9],
        ["elementwise", "Exp", 1, 3.5, 4e9],
        ["elementwise", "Add", 1, 1.5, 4e9],
      ],
    );
  });

  it("prints shares of the run and what is left of it", () => {
    const machine = { gflopsPerS: 2000, gigabytesPerS: 1 };
    const lines = formatTable(rows, { runMs: 11, machine }).split("\n");
    const cells = lines.map((line) => line.trim().split(/ {2,}/));
    assert.deepEqual(cells[1], ["elementwise", "2", "5.00", "45.5 %", "8.00", "2.0", "4.00"]);
    assert.deepEqual(cells.at(-2), ["between operators", "6.00", "54.5 %"]);
  });
});

describe("floorMs", () => {
  it("is the longer of arithmetic and memory", () => {
    const machine = { gflopsPerS: 100, gigabytesPerS: 10 };
    assert.equal(floorMs({ flops: 1e9, bytes: 1e6 }, machine), 10);
    assert.equal(floorMs({ flops: 1e6, bytes: 1e9 }, machine), 100);
  });
});
