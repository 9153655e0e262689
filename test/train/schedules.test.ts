import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { learningRate, scheduleConfig, type ScheduleConfig } from "../../src/train/schedules.js";

function rates(schedule: ScheduleConfig, steps: number): number[] {
  return Array.from({ length: steps }, (_, step) => learningRate(schedule, step, steps));
}

function assertClose(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]!) < 1e-12, `step ${i}: ${value}, ${expected[i]!}`);
  });
}

describe("learningRate", () => {
  it("rises linearly to the rate and stays there", () => {
    const schedule = { kind: "constant", learningRate: 0.4, warmup: 4 } as const;
    assertClose(rates(schedule, 6), [0.1, 0.2, 0.3, 0.4, 0.4, 0.4]);
  });

  it("is the rate from the first step on without warm-up", () => {
    assertClose(rates({ kind: "constant", learningRate: 0.4, warmup: 0 }, 2), [0.4, 0.4]);
  });

  it("falls by a factor at each milestone", () => {
    const schedule: ScheduleConfig = {
      kind: "step",
      learningRate: 1,
      warmup: 2,
      milestones: [3, 5],
      factor: 0.2,
    };
    assertClose(rates(schedule, 7), [0.5, 1, 1, 0.2, 0.2, 0.04, 0.04]);
  });

  it("falls as half a cosine from the end of warm-up to the end", () => {
    const schedule = { kind: "cosine", learningRate: 2, warmup: 2 } as const;
    assertClose(rates(schedule, 6), [1, 2, 2, 1 + Math.SQRT1_2, 1, 1 - Math.SQRT1_2]);
  });

  it("falls linearly from the end of warm-up, to 0 one step after the last", () => {
    const schedule = { kind: "linear", learningRate: 2, warmup: 2 } as const;
    assertClose(rates(schedule, 6), [1, 2, 2, 1.5, 1, 0.5]);
    assertClose(rates({ ...schedule, warmup: 0 }, 4), [2, 1.5, 1, 0.5]);
  });

  it("only warms up if that is all there is time for", () => {
    const schedule = { kind: "cosine", learningRate: 1, warmup: 10 } as const;
    assertClose(rates(schedule, 3), [0.1, 0.2, 0.3]);
  });
});

describe("scheduleConfig", () => {
  const bad: readonly unknown[] = [
    { kind: "exponential", learningRate: 1 },
    { kind: "linear", learningRate: 1, factor: 0.1 },
    { kind: "constant" },
    { kind: "constant", learningRate: 0 },
    { kind: "constant", learningRate: NaN },
    { kind: "constant", learningRate: 1, warmup: -1 },
    { kind: "constant", learningRate: 1, warmup: 1.5 },
    { kind: "step", learningRate: 1, milestones: [0.5], factor: 0.1 },
    { kind: "cosine", learningRate: 1, milestones: [5] },
  ];
  for (const config of bad) {
    it(`refuses ${JSON.stringify(config)}`, () => {
      assert.equal(scheduleConfig.safeParse(config).success, false);
    });
  }
});
