import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Terminal } from "../../src/cli/terminal.js";
import { formatDuration, formatNumber } from "../../src/text.js";
import { ShapeError, UsageError } from "../../src/errors.js";

/** A terminal whose output is kept, and whose clock is set by hand. */
function record({ tty = false, json = false, env = {}, columns = 80, rows = 24 } = {}) {
  const written = { out: "", err: "" };
  const clock = { now: 0 };
  const terminal = new Terminal({
    stdout: { write: (text) => (written.out += text) },
    stderr: { write: (text) => (written.err += text), isTTY: tty, columns, rows },
    json,
    env,
    now: () => clock.now,
  });
  return { terminal, written, clock };
}

const CLEAR = "\r\x1b[K";
const sampling = { label: "sampling", total: 100, unit: "images", rate: 10 };

describe("formatNumber", () => {
  it("keeps whole numbers and four significant digits", () => {
    const cases: [number, string][] = [
      [0, "0"],
      [711, "711"],
      [-3, "-3"],
      [0.0412, "0.04120"],
      [0.0031, "0.00310"],
      [1.2e-5, "1.20e-5"],
      [3.44912, "3.449"],
      [1234.5678, "1235"],
      [45678.9, "45679"],
      [99999.9, "100000"],
      [1.5e9, "1.50e+9"],
      [NaN, "NaN"],
      [-Infinity, "-Infinity"],
    ];
    for (const [value, text] of cases) assert.equal(formatNumber(value), text);
  });

  it("needs at most eight characters", () => {
    for (let exponent = -9; exponent < 9; exponent++) {
      for (const digits of [1, 1.23456, 9.99999]) {
        const text = formatNumber(-digits * 10 ** exponent);
        assert.ok(text.length <= 8, text);
      }
    }
  });
});

describe("formatDuration", () => {
  it("shows the two largest units", () => {
    const cases: [number, string][] = [
      [0, "0.0s"],
      [0.42, "0.4s"],
      [9.96, "10s"],
      [59.4, "59s"],
      [59.6, "1m 00s"],
      [252, "4m 12s"],
      [3599.7, "1h 00m"],
      [3840, "1h 04m"],
      [86_399, "1d 00h"],
      [183_600, "2d 03h"],
      [NaN, "?"],
      [Infinity, "?"],
    ];
    for (const [seconds, text] of cases) assert.equal(formatDuration(seconds), text);
  });
});

describe("Terminal.result", () => {
  it("prints text for people, and a line of JSON on request", () => {
    const human = record();
    human.terminal.result({ error: 2.3 }, "2.3 %");
    assert.deepEqual(human.written, { out: "2.3 %\n", err: "" });
    const machine = record({ json: true });
    machine.terminal.result({ error: 2.3 }, "2.3 %");
    assert.deepEqual(machine.written, { out: '{"error":2.3}\n', err: "" });
  });
});

describe("Terminal.report", () => {
  it("aligns successive lines, on stderr", () => {
    const { terminal, written } = record();
    const common = { steps: 8000, unit: "img" };
    terminal.report({
      ...common,
      step: 5,
      values: { loss: 4.1, lr: 0.0031 },
      rate: 95,
      secondsLeft: 4000,
    });
    terminal.report({
      ...common,
      step: 1200,
      values: { loss: -0.0412, lr: 1e-9 },
      rate: 711.4,
      secondsLeft: 252,
    });
    terminal.report({
      ...common,
      step: 8000,
      values: { loss: NaN, lr: 0 },
      rate: NaN,
      secondsLeft: 0,
    });
    const lines = written.err.trimEnd().split("\n");
    assert.equal(
      lines[1],
      "step 1200/8000  loss -0.04120  lr  1.00e-9     711.4 img/s  left  4m 12s",
    );
    assert.deepEqual(new Set(lines.map((line) => line.length)).size, 1);
    assert.equal(written.out, "");
  });
});

describe("Terminal.progress", () => {
  it("updates one line on a terminal, at most ten times a second", () => {
    const { terminal, written, clock } = record({ tty: true });
    terminal.progress({ ...sampling, done: 0 });
    clock.now = 50;
    terminal.progress({ ...sampling, done: 20 });
    clock.now = 150;
    terminal.progress({ ...sampling, done: 50 });
    assert.equal(written.err.split(CLEAR).length, 3);
    assert.match(
      written.err,
      /sampling {2}█{8}░{8} {2}50% {2} 50\/100 images +10\/s {2}left +5\.0s$/,
    );
    assert.ok(!written.err.includes("\n"));
    terminal.progress({ ...sampling, done: 100 });
    const last = written.err.split(CLEAR).at(-1) ?? "";
    assert.match(last, /^sampling {2}█{16} 100% {2}100\/100 images +10\/s\n$/);
  });

  it("makes way for other lines", () => {
    const { terminal, written } = record({ tty: true });
    terminal.progress({ ...sampling, done: 1 });
    terminal.note("hello");
    assert.ok(written.err.endsWith(`${CLEAR}hello\n`));
    terminal.note("again");
    assert.ok(written.err.endsWith("hello\nagain\n"));
  });

  it("never wraps", () => {
    const { terminal, written } = record({ tty: true, columns: 30 });
    terminal.progress({ ...sampling, done: 1 });
    assert.equal(written.err.length, CLEAR.length + 29);
    const unknown = record({ tty: true, columns: 0 });
    unknown.terminal.progress({ ...sampling, done: 1 });
    assert.match(unknown.written.err, /left +9\.9s$/);
  });

  it("prints a plain line now and then when piped or on a dumb terminal", () => {
    for (const { terminal, written, clock } of [
      record(),
      record({ tty: true, env: { TERM: "dumb" } }),
    ]) {
      for (let done = 0; done <= 100; done++) {
        clock.now = 300 * done;
        terminal.progress({ ...sampling, done });
      }
      const lines = written.err.trimEnd().split("\n");
      assert.deepEqual(
        lines.map((line) => /\d+%/.exec(line)?.[0]),
        ["0%", "34%", "68%", "100%"],
      );
      assert.doesNotMatch(written.err, /[\r█]/);
    }
  });

  it("starts a line for a new task", () => {
    const { terminal, written } = record();
    terminal.progress({ ...sampling, done: 1 });
    terminal.progress({ ...sampling, label: "scoring", done: 1 });
    assert.match(written.err, /^sampling.*\nscoring.*\n$/);
  });

  it("shows bytes in MB, and finishes with the last one", () => {
    const { terminal, written } = record();
    const download = { label: "images.gz", total: 9_912_422, unit: "bytes", rate: 2.5e6 };
    terminal.progress({ ...download, done: 0 });
    for (const left of [40_000, 20_000, 1, 0]) {
      terminal.progress({ ...download, done: download.total - left });
    }
    assert.match(
      written.err,
      /^images\.gz +0% {2}0\.0\/9\.9 MB +2\.500\/s .*\nimages\.gz +100% {2}9\.9\/9\.9 MB +2\.500\/s\n$/,
    );
  });

  it("shows what arrived of an unknown total", () => {
    const { terminal, written, clock } = record();
    const download = { label: "images.gz", unit: "bytes", rate: 1e6 };
    for (let done = 0; done <= 12e6; done += 2e5) {
      clock.now = done / 1000;
      terminal.progress({ ...download, done });
    }
    assert.match(written.err, /^images\.gz {2}0\.0 MB +1\/s\nimages\.gz {2}10\.0 MB +1\/s\n$/);
  });

  it("survives nothing to do and an unknown rate", () => {
    const { terminal, written } = record();
    terminal.progress({ ...sampling, done: 0, total: 0, rate: NaN });
    terminal.progress({ ...sampling, done: 0, rate: 0 });
    assert.match(written.err, /^sampling {2}100% .*\nsampling {4}0% .*left +\?\n$/);
  });
});

describe("Terminal.named", () => {
  const ERASED = `${CLEAR}\x1b[A${CLEAR}`;
  /** The beginnings of the lines that were drawn last. */
  const drawn = ({ err }: { readonly err: string }): string[] =>
    (err.split(CLEAR).at(-1) ?? "").split("\n").map((line) => line.slice(0, 20));

  it("draws a line for each task, which make way for other lines", () => {
    const { terminal, written, clock } = record({ tty: true });
    const [one, two] = [terminal.named("one"), terminal.named("two")];
    one.progress({ ...sampling, done: 10 });
    two.progress({ ...sampling, done: 20 });
    assert.ok(written.err.includes(`${CLEAR}one  sampling`));
    clock.now = 200;
    one.progress({ ...sampling, done: 30 });
    assert.deepEqual(drawn(written), ["one  sampling  █████", "two  sampling  ███░░"]);
    assert.equal(written.err.split(ERASED).length, 2);

    two.note("hello");
    assert.ok(written.err.endsWith(`${ERASED}two  hello\n`));
    clock.now = 400;
    one.progress({ ...sampling, done: 40 });
    assert.deepEqual(drawn(written), ["one  sampling  █████"]);
  });

  it("draws no more lines than there is room for", () => {
    const { terminal, written } = record({ tty: true, rows: 3 });
    for (const name of ["a", "b", "c"]) terminal.named(name).progress({ ...sampling, done: 0 });
    assert.deepEqual(drawn(written), ["b  sampling  ░░░░░░░", "c  sampling  ░░░░░░░"]);
  });

  it("prints lines of each task now and then when piped", () => {
    const { terminal, written, clock } = record();
    const [one, two] = [terminal.named("one"), terminal.named("two")];
    for (let done = 0; done < 20; done++) {
      clock.now = 1000 * done;
      one.progress({ ...sampling, done });
      two.progress({ ...sampling, done });
    }
    const names = written.err
      .trimEnd()
      .split("\n")
      .map((line) => line.slice(0, 5));
    assert.deepEqual(names, ["one  ", "two  ", "one  ", "two  "]);
  });
});

describe("Terminal.fail", () => {
  it("prints the message of a known error alone, and returns its exit code", () => {
    const { terminal, written } = record();
    assert.equal(terminal.fail(new ShapeError("a: expected b")), 1);
    assert.equal(terminal.fail(new UsageError("c: expected d")), 2);
    assert.deepEqual(written, { out: "", err: "error: a: expected b\nerror: c: expected d\n" });
  });

  it("prints one line and a hint for an unexpected error", () => {
    const { terminal, written } = record();
    assert.equal(terminal.fail(new TypeError("no x\nmore")), 1);
    assert.equal(
      written.err,
      "error: unexpected: TypeError: no x\nSet IRESNET_DEBUG=1 to see where it happened.\n",
    );
    assert.equal(terminal.fail("text"), 1);
  });

  it("prints the stack on request", () => {
    const { terminal, written } = record({ env: { IRESNET_DEBUG: "1" } });
    terminal.fail(new TypeError("no x"));
    assert.match(written.err, /^error: unexpected: TypeError: no x\n.*\n {4}at /);
  });
});

describe("colours", () => {
  it("appear on a terminal only, unless NO_COLOR is set", () => {
    const print = (options: Parameters<typeof record>[0]): string => {
      const { terminal, written } = record(options);
      terminal.warn("careful");
      terminal.fail(new UsageError("no"));
      return written.err;
    };
    const plain = "warning: careful\nerror: no\n";
    assert.equal(
      print({ tty: true }),
      "\x1b[33mwarning:\x1b[0m careful\n\x1b[31merror:\x1b[0m no\n",
    );
    assert.equal(print({}), plain);
    assert.equal(print({ tty: true, env: { NO_COLOR: "1" } }), plain);
    assert.equal(print({ tty: true, env: { TERM: "dumb" } }), plain);
  });
});
