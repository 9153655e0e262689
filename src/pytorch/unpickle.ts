import { PickleBytes } from "./pickle-bytes.js";
import { PickleMachine, type PickleRules } from "./pickle-machine.js";
import { opcodeNames, type OpcodeName } from "./pickle-opcodes.js";
import {
  PickleDict,
  PickleList,
  PickleSet,
  PickleTuple,
  type PickleValue,
} from "./pickle-values.js";

export type { GlobalRule, PickleRules } from "./pickle-machine.js";

/** Bytes of one pickle, without the numbers of tensors, which lie beside it. */
const longest = 2 ** 25;

type Handler = (machine: PickleMachine) => void;

/** Opcodes that push a value of the bytes behind them. */
const values = {
  NONE: () => null,
  NEWTRUE: () => true,
  NEWFALSE: () => false,
  BININT: (m) => m.bytes.int32(),
  BININT1: (m) => m.bytes.uint8(),
  BININT2: (m) => m.bytes.uint16(),
  LONG1: (m) => m.bytes.integer(m.bytes.uint8()),
  LONG4: (m) => m.bytes.integer(m.bytes.int32()),
  INT: (m) => integerLine(m),
  LONG: (m) => integerLine(m),
  FLOAT: (m) => floatLine(m),
  BINFLOAT: (m) => m.bytes.float64(),

  STRING: (m) => unquoted(m),
  BINSTRING: (m) => m.bytes.latin1(m.bytes.int32()),
  SHORT_BINSTRING: (m) => m.bytes.latin1(m.bytes.uint8()),
  UNICODE: (m) => unescaped(m, m.bytes.line()),
  BINUNICODE: (m) => m.bytes.text(m.bytes.uint32()),
  SHORT_BINUNICODE: (m) => m.bytes.text(m.bytes.uint8()),
  BINUNICODE8: (m) => m.bytes.text(m.bytes.uint64()),
  BINBYTES: (m) => m.bytes.take(m.bytes.uint32()),
  SHORT_BINBYTES: (m) => m.bytes.take(m.bytes.uint8()),
  BINBYTES8: (m) => m.bytes.take(m.bytes.uint64()),
  BYTEARRAY8: (m) => m.bytes.take(m.bytes.uint64()),
} satisfies Partial<Record<OpcodeName, (machine: PickleMachine) => PickleValue>>;

/** What the others do; null for those that no model's numbers need. */
const handlers: Readonly<
  Record<Exclude<OpcodeName, keyof typeof values | "STOP">, Handler | null>
> = {
  PROTO: (m) => {
    const version = m.bytes.uint8();
    if (version > 5) throw m.damaged("protocol 5 at most", `${version}`);
  },
  FRAME: (m) => {
    const length = m.bytes.uint64();
    if (length > BigInt(longest)) throw m.damaged("a frame of the pickle", `${length} bytes`);
  },

  EMPTY_LIST: (m) => {
    m.pushNew(new PickleList());
  },
  LIST: (m) => {
    const items = m.popMarked();
    m.pushNew(new PickleList());
    m.append(items);
  },
  APPEND: (m) => {
    m.append([m.pop()]);
  },
  APPENDS: (m) => {
    m.append(m.popMarked());
  },
  EMPTY_TUPLE: (m) => {
    m.pushNew(new PickleTuple([]));
  },
  TUPLE: (m) => {
    m.pushNew(new PickleTuple(m.popMarked()));
  },
  TUPLE1: (m) => {
    pushTuple(m, 1);
  },
  TUPLE2: (m) => {
    pushTuple(m, 2);
  },
  TUPLE3: (m) => {
    pushTuple(m, 3);
  },
  EMPTY_DICT: (m) => {
    m.pushNew(new PickleDict());
  },
  DICT: (m) => {
    m.pushDict(m.popMarked());
  },
  SETITEM: (m) => {
    const value = m.pop();
    const key = m.pop();
    m.setItems([key, value]);
  },
  SETITEMS: (m) => {
    m.setItems(m.popMarked());
  },
  EMPTY_SET: (m) => {
    m.pushNew(new PickleSet());
  },
  ADDITEMS: (m) => {
    m.addToSet(m.popMarked());
  },
  FROZENSET: (m) => {
    const items = m.popMarked();
    m.pushNew(new PickleSet());
    m.addToSet(items);
  },

  MARK: (m) => {
    m.mark();
  },
  POP: (m) => {
    m.drop();
  },
  POP_MARK: (m) => void m.popMarked(),
  DUP: (m) => {
    m.push(m.top());
  },
  GET: (m) => {
    m.recall(index(m));
  },
  BINGET: (m) => {
    m.recall(m.bytes.uint8());
  },
  LONG_BINGET: (m) => {
    m.recall(m.bytes.uint32());
  },
  PUT: (m) => {
    m.remember(index(m));
  },
  BINPUT: (m) => {
    m.remember(m.bytes.uint8());
  },
  LONG_BINPUT: (m) => {
    m.remember(m.bytes.uint32());
  },
  MEMOIZE: (m) => {
    m.rememberNext();
  },

  GLOBAL: (m) => {
    const module = m.bytes.line();
    m.pushGlobal(module, m.bytes.line());
  },
  STACK_GLOBAL: (m) => {
    const name = m.pop();
    m.pushGlobal(m.pop(), name);
  },
  REDUCE: (m) => {
    m.call("REDUCE");
  },
  NEWOBJ: (m) => {
    m.call("NEWOBJ");
  },
  BUILD: (m) => {
    m.build();
  },
  BINPERSID: (m) => {
    m.pushPersistent();
  },

  INST: (m) => {
    const module = m.bytes.line();
    throw m.refused("INST", `of ${module}.${m.bytes.line()}`);
  },
  PERSID: null,
  OBJ: null,
  NEWOBJ_EX: null,
  EXT1: null,
  EXT2: null,
  EXT4: null,
  NEXT_BUFFER: null,
  READONLY_BUFFER: null,
};

/** A pickle's value, and where the bytes behind it start. */
export interface Unpickled {
  readonly value: PickleValue;
  readonly end: number;
}

/**
 * Reads a pickle of protocols 0 to 5 and executes nothing: names of classes and functions are looked
 * up in an allow-list alone, and opcodes beyond those that build data are refused. Work is
 * proportional to the pickle's length, and memory is bounded.
 *
 * @param start where in `bytes` the pickle starts, 0 unless given
 * @throws {CheckpointError} naming the opcode, the class or function, and the position, if the
 * pickle does anything else, is damaged or truncated, or is larger than any model's.
 * @see https://github.com/python/cpython/blob/main/Lib/pickletools.py
 */
export function unpickle(bytes: Uint8Array, rules: PickleRules, start = 0): Unpickled {
  const reader = new PickleBytes(bytes.subarray(0, start + longest), rules.where, start);
  const machine = new PickleMachine(reader, rules);
  for (;;) {
    const code = reader.uint8();
    const name = opcodeNames.get(code);
    if (name === undefined) {
      throw reader.error("an opcode of pickle", `byte 0x${code.toString(16).padStart(2, "0")}`);
    }
    if (name === "STOP") break;
    if (isValue(name)) {
      machine.push(values[name](machine));
      continue;
    }
    const handler = handlers[name];
    if (handler === null) throw machine.refused(name);
    handler(machine);
  }
  const value = machine.pop();
  machine.push(value);
  if (!machine.isDone) throw reader.error("one value at the end", "more");
  return { value, end: reader.position };
}

function isValue(name: OpcodeName): name is keyof typeof values {
  return Object.hasOwn(values, name);
}

function pushTuple(machine: PickleMachine, length: number): void {
  const items = Array.from({ length }, () => machine.pop());
  machine.pushNew(new PickleTuple(items.reverse()));
}

function integerLine(machine: PickleMachine): PickleValue {
  const line = machine.bytes.line();
  if (line === "00") return false;
  if (line === "01") return true;
  const digits = /^(-?\d{1,150})L?$/.exec(line)?.[1];
  if (digits === undefined) throw machine.damaged("a whole number", `"${line.slice(0, 40)}"`);
  const value = BigInt(digits);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function index(machine: PickleMachine): number {
  const line = machine.bytes.line();
  if (!/^\d{1,9}$/.test(line)) throw machine.damaged("an index", `"${line.slice(0, 40)}"`);
  return Number(line);
}

function floatLine(machine: PickleMachine): number {
  const line = machine.bytes.line();
  const special = { inf: Infinity, "-inf": -Infinity, nan: NaN }[line];
  if (special !== undefined) return special;
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(line)) {
    throw machine.damaged("a number", `"${line.slice(0, 40)}"`);
  }
  return Number(line);
}

function unquoted(machine: PickleMachine): string {
  const line = machine.bytes.line();
  const inner = /^'(.*)'$|^"(.*)"$/.exec(line);
  if (!inner) throw machine.damaged("a quoted text", `"${line.slice(0, 40)}"`);
  return unescaped(machine, inner[1] ?? inner[2]!);
}

const simpleEscapes = new Map([
  ["\\", "\\"],
  ["'", "'"],
  ['"', '"'],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

function unescaped(machine: PickleMachine, text: string): string {
  return text.replaceAll(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.?))/g,
    (_, two?: string, four?: string, eight?: string, other?: string) => {
      const code = parseInt(two ?? four ?? eight ?? "", 16);
      const character = Number.isNaN(code) ? simpleEscapes.get(other ?? "") : undefined;
      if (character !== undefined) return character;
      if (!(code <= 0x10ffff)) throw machine.damaged("an escape", `\\${other ?? eight ?? ""}`);
      return String.fromCodePoint(code);
    },
  );
}
