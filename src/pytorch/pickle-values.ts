/** What a pickle can hold as the key of a dict or in a set. */
export type PickleKey = null | boolean | number | bigint | string;

/** A value that {@link unpickle} builds: plain data, whatever the pickle says its class is. */
export type PickleValue =
  | PickleKey
  | Uint8Array
  | PickleList
  | PickleTuple
  | PickleDict
  | PickleSet
  | PickleGlobal
  | PickleObject
  | PickleForeign;

export class PickleList {
  readonly items: PickleValue[] = [];
}

export class PickleTuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** A dict, ordered or not. Attributes that a pickle gives it are left out. */
export class PickleDict {
  readonly entries = new Map<PickleKey, PickleValue>();

  get(key: PickleKey): PickleValue | undefined {
    return this.entries.get(key);
  }
}

export class PickleSet {
  readonly items = new Set<PickleKey>();
}

/** The name of a class or function, which isn't looked up anywhere. */
export class PickleGlobal {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** An instance of a class as a record: its name, what it was made from, and its fields. */
export class PickleObject {
  readonly className: string;
  readonly args: readonly PickleValue[];
  readonly fields = new PickleDict();

  constructor(className: string, args: readonly PickleValue[]) {
    this.className = className;
    this.args = args;
  }

  get(field: string): PickleValue | undefined {
    return this.fields.get(field);
  }
}

/** What the caller's allow-list builds beside plain data, such as a tensor. */
export abstract class PickleForeign {
  /** Names it in errors, such as "a tensor". */
  abstract readonly label: string;
}

/** A value's kind, for errors. */
export function describePickled(value: PickleValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof PickleList) return "a list";
  if (value instanceof PickleTuple) return `a tuple of ${value.items.length}`;
  if (value instanceof PickleDict) return "a dict";
  if (value instanceof PickleSet) return "a set";
  if (value instanceof PickleGlobal) return `the name ${value.name}`;
  if (value instanceof PickleObject) return `an object of ${value.className}`;
  if (value instanceof PickleForeign) return value.label;
  return typeof value === "string" ? `the text "${value.slice(0, 60)}"` : String(value);
}

export function isPickleKey(value: PickleValue): value is PickleKey {
  return value === null || typeof value !== "object";
}
