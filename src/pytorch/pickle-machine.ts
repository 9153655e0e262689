import { CheckpointError } from "../errors.js";
import { PickleBytes } from "./pickle-bytes.js";
import {
  describePickled,
  isPickleKey,
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  PickleSet,
  PickleTuple,
  type PickleValue,
} from "./pickle-values.js";

/** What a pickle may do with a class or function that it names. */
export interface GlobalRule {
  /** Whether NEWOBJ may make an instance of it. */
  readonly isClass?: boolean;
  /** What calling it with these arguments gives. A name without it may be named, not called. */
  readonly call?: (args: readonly PickleValue[]) => PickleValue;
}

export interface PickleRules {
  /** Names the file in errors. */
  readonly where: string;
  /** The allow-list, by `module name`, such as `collections OrderedDict`. */
  readonly globals: ReadonlyMap<string, GlobalRule>;
  /** What a persistent identifier stands for; without it there may be none. */
  readonly persistent?: (id: PickleValue) => PickleValue;
}

/** No model's pickle comes near these, and what they let through fits into some 300 MB. */
const limits = {
  /** Values on the stack at a time. */
  stack: 2 ** 16,
  /** Values kept in the memo. */
  memo: 2 ** 19,
  /** Lists, tuples, dicts, sets and objects, and what is copied from one into another. */
  containers: 2 ** 19,
} as const;

/** The stack, memo and bounds of a machine that runs a pickle. */
export class PickleMachine {
  readonly bytes: PickleBytes;
  readonly #rules: PickleRules;
  readonly #stack: PickleValue[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #containers = 0;

  constructor(bytes: PickleBytes, rules: PickleRules) {
    this.bytes = bytes;
    this.#rules = rules;
  }

  push(value: PickleValue): void {
    if (this.#stack.length >= limits.stack) throw this.#over("values on the stack", limits.stack);
    this.#stack.push(value);
  }

  /** Pushes a new list, tuple, dict, set or object. */
  pushNew(value: PickleValue): void {
    this.#count(1);
    this.push(value);
  }

  pop(): PickleValue {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw this.damaged("a value", "none");
    return this.#stack.pop()!;
  }

  top(): PickleValue {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }

  mark(): void {
    if (this.#marks.length >= limits.stack) throw this.#over("marks", limits.stack);
    this.#marks.push(this.#stack.length);
  }

  /** The values above the last mark, which they leave the stack with. */
  popMarked(): PickleValue[] {
    const start = this.#marks.pop();
    if (start === undefined) throw this.damaged("a mark", "none");
    return this.#stack.splice(start);
  }

  /** Drops the value on top, or the mark if that is on top. */
  drop(): void {
    if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop();
    else this.pop();
  }

  /** Whether nothing but one value is left. */
  get isDone(): boolean {
    return this.#stack.length === 1 && this.#marks.length === 0;
  }

  remember(index: number): void {
    this.#memo.set(index, this.top());
    if (this.#memo.size > limits.memo) throw this.#over("remembered values", limits.memo);
  }

  rememberNext(): void {
    this.remember(this.#memo.size);
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.damaged("a remembered value", `number ${index}, unset`);
    this.push(value);
  }

  append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (!(list instanceof PickleList)) throw this.damaged("a list", describePickled(list));
    for (const item of items) list.items.push(item);
  }

  addToSet(items: readonly PickleValue[]): void {
    const set = this.top();
    if (!(set instanceof PickleSet)) throw this.damaged("a set", describePickled(set));
    for (const item of items) set.items.add(this.#key(item));
  }

  setItems(pairs: readonly PickleValue[]): void {
    const dict = this.top();
    if (!(dict instanceof PickleDict)) throw this.damaged("a dict", describePickled(dict));
    this.#fill(dict, pairs);
  }

  pushDict(pairs: readonly PickleValue[]): void {
    const dict = new PickleDict();
    this.#fill(dict, pairs);
    this.pushNew(dict);
  }

  pushGlobal(module: PickleValue, name: PickleValue): void {
    if (typeof module !== "string" || typeof name !== "string") {
      throw this.refused("STACK_GLOBAL", "of values that aren't text");
    }
    const full = `${module} ${name}`;
    if (!this.#rules.globals.has(full)) {
      throw this.refused("GLOBAL", `of ${module.slice(0, 80)}.${name.slice(0, 80)}`);
    }
    this.push(new PickleGlobal(full));
  }

  /** Calls what is second on the stack with the tuple on top. */
  call(opcode: "REDUCE" | "NEWOBJ"): void {
    const args = this.pop();
    const callee = this.pop();
    if (!(callee instanceof PickleGlobal)) {
      throw this.refused(opcode, `of ${describePickled(callee)}`);
    }
    const rule = this.#rules.globals.get(callee.name);
    if (!rule?.call || (opcode === "NEWOBJ" && !rule.isClass)) {
      throw this.refused(opcode, `of ${callee.name}`);
    }
    if (!(args instanceof PickleTuple)) {
      throw this.refused(opcode, `of ${callee.name} with ${describePickled(args)}`);
    }
    for (const arg of args.items) if (arg instanceof PickleList) this.#count(arg.items.length);
    this.pushNew(rule.call(args.items));
  }

  /** Gives the object below the top its fields; attributes of a dict are left out. */
  build(): void {
    const state = this.pop();
    const target = this.top();
    if (!(target instanceof PickleObject || target instanceof PickleDict)) {
      throw this.refused("BUILD", `of ${describePickled(target)}`);
    }
    if (!(state instanceof PickleDict)) {
      throw this.refused("BUILD", `with ${describePickled(state)}`);
    }
    if (target instanceof PickleDict) return;
    if (target.fields.entries.size > 0) throw this.refused("BUILD", "of fields given before");
    this.#count(state.entries.size);
    for (const [field, value] of state.entries) target.fields.entries.set(field, value);
  }

  pushPersistent(): void {
    const id = this.pop();
    if (!this.#rules.persistent) {
      throw this.refused("BINPERSID", `of ${describePickled(id)}`);
    }
    this.push(this.#rules.persistent(id));
  }

  /** For what a model's numbers don't need. */
  refused(opcode: string, of = ""): CheckpointError {
    return new CheckpointError(
      `${this.#rules.where}: expected a pickle that builds tensors alone, got ${opcode}${of && ` ${of}`} at byte ${this.bytes.position}; nothing of it was run. Take the file from someone you trust, as a state_dict`,
      { name: opcode },
    );
  }

  damaged(expected: string, got: string): CheckpointError {
    return this.bytes.error(expected, got);
  }

  #count(made: number): void {
    this.#containers += made;
    if (this.#containers > limits.containers) {
      throw this.#over("lists, tuples, dicts and objects", limits.containers);
    }
  }

  #fill(dict: PickleDict, pairs: readonly PickleValue[]): void {
    if (pairs.length % 2 !== 0) throw this.damaged("keys with values", `${pairs.length} of both`);
    for (let i = 0; i < pairs.length; i += 2) {
      const key = this.#key(pairs[i]!);
      if (dict.entries.has(key)) {
        throw this.damaged("each key of a dict once", `"${String(key).slice(0, 60)}" again`);
      }
      dict.entries.set(key, pairs[i + 1]!);
    }
  }

  #key(value: PickleValue): string | number | bigint | boolean | null {
    if (!isPickleKey(value)) throw this.damaged("a key", describePickled(value));
    return value;
  }

  #over(what: string, limit: number): CheckpointError {
    return new CheckpointError(
      `${this.#rules.where}: expected at most ${limit} ${what}, got more at byte ${this.bytes.position} of a pickle; no model's file holds so many`,
    );
  }
}
