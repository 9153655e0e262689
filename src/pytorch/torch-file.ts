import { CheckpointError } from "../errors.js";
import type { NDArray } from "../tree.js";
import { describePickled, PickleDict, PickleList, type PickleValue } from "./pickle-values.js";
import { torchGlobals, torchPersistent } from "./torch-globals.js";
import type { TorchStorage, TorchTensor } from "./torch-tensor.js";
import { StoredZip } from "./torch-zip.js";
import { unpickle } from "./unpickle.js";

/** What `torch.save` wrote: its value, whose tensors are read one by one. */
export interface TorchFile {
  readonly value: PickleValue;
  /** @throws {CheckpointError} if the file is truncated or damaged there. */
  read(tensor: TorchTensor): NDArray<Float64Array>;
}

/**
 * Opens a file of `torch.save`: a zip archive, as PyTorch writes since 1.6, or the format before.
 * Nothing in it is executed, and no tensor is read yet.
 *
 * @param where names the file in errors.
 * @throws {CheckpointError} if it is something else, damaged, big-endian, or does more than hold
 * data.
 */
export function openTorchFile(bytes: Uint8Array, where: string): TorchFile {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  return isZip ? openZip(bytes, where) : openLegacy(bytes, where);
}

function openZip(bytes: Uint8Array, where: string): TorchFile {
  const zip = new StoredZip(bytes, where);
  const [pickle, ...others] = zip.names.filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickle === undefined || others.length > 0) {
    throw new CheckpointError(
      `${where}: expected an archive with one data.pkl, got ${zip.names.length} files with ${pickle === undefined ? "none" : "several"}; save the model's state_dict with torch.save`,
    );
  }
  const folder = pickle.slice(0, -"data.pkl".length);
  if (zip.names.includes(`${folder}byteorder`)) {
    const order = new TextDecoder().decode(zip.read(`${folder}byteorder`).subarray(0, 16));
    if (order !== "little") throw bigEndian(where, order);
  }
  const storages = new Map<string, TorchStorage>();
  const { value } = unpickle(zip.read(pickle), {
    where,
    globals: torchGlobals(where),
    persistent: (id) => torchPersistent(id, where, storages),
  });
  return {
    value,
    read: (tensor) => {
      const { storage } = tensor;
      return tensor.read(expectBytes(zip.read(`${folder}data/${storage.key}`), storage, where));
    },
  };
}

/** Magic number of the format before 1.6, and its version. */
const magic = 0x1950a86a20f9469cfc6cn;
const version = 1001;

/**
 * Four pickles (magic number, version, system, value), one with the storages' keys, and behind it
 * for each of them the count of its numbers and their bytes.
 *
 * @see https://github.com/pytorch/pytorch/blob/main/torch/serialization.py, _legacy_save
 */
function openLegacy(bytes: Uint8Array, where: string): TorchFile {
  const none = { where, globals: new Map<string, never>() };
  const start = unpickle(bytes, none);
  if (start.value !== magic) {
    throw new CheckpointError(
      `${where}: expected a file of torch.save, got a pickle of ${describePickled(start.value)}; save the model's state_dict with torch.save`,
    );
  }
  const format = unpickle(bytes, none, start.end);
  if (format.value !== version) {
    throw new CheckpointError(
      `${where}: expected version ${version} of the format, got ${describePickled(format.value)}; save the file again with a later PyTorch`,
    );
  }
  const system = unpickle(bytes, none, format.end);
  if (!(system.value instanceof PickleDict && system.value.get("little_endian") === true)) {
    throw bigEndian(where, "another");
  }
  const storages = new Map<string, TorchStorage>();
  const { value, end } = unpickle(
    bytes,
    {
      where,
      globals: torchGlobals(where),
      persistent: (id) => torchPersistent(id, where, storages),
    },
    system.end,
  );
  const contents = legacyStorages(bytes, unpickle(bytes, none, end), storages, where);
  return { value, read: (tensor) => tensor.read(contents.get(tensor.storage)!) };
}

function legacyStorages(
  bytes: Uint8Array,
  keys: ReturnType<typeof unpickle>,
  storages: ReadonlyMap<string, TorchStorage>,
  where: string,
): Map<TorchStorage, Uint8Array> {
  const names = keys.value instanceof PickleList ? keys.value.items : [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const contents = new Map<TorchStorage, Uint8Array>();
  let at = keys.end;
  for (const name of names) {
    const storage = typeof name === "string" ? storages.get(name) : undefined;
    if (!storage || contents.has(storage) || at + 8 > bytes.length) {
      throw new CheckpointError(
        `${where}: expected each storage once, got ${describePickled(name)} at byte ${at}; the file is damaged or truncated`,
      );
    }
    const count = view.getBigUint64(at, true);
    const start = at + 8;
    if (count !== BigInt(storage.length)) {
      throw new CheckpointError(
        `${where}: expected ${storage.length} numbers of storage ${storage.key.slice(0, 40)}, got ${count}; the file is damaged`,
      );
    }
    at = start + storage.byteLength;
    contents.set(storage, expectBytes(bytes.subarray(start, at), storage, where));
  }
  const missing = [...storages.values()].find((storage) => !contents.has(storage));
  if (missing) {
    throw new CheckpointError(
      `${where}: expected the numbers of storage ${missing.key.slice(0, 40)}, got none; the file is truncated`,
    );
  }
  return contents;
}

function expectBytes(bytes: Uint8Array, storage: TorchStorage, where: string): Uint8Array {
  if (bytes.length === storage.byteLength) return bytes;
  throw new CheckpointError(
    `${where}: expected ${storage.byteLength} bytes of storage ${storage.key.slice(0, 40)}, got ${bytes.length}; the file is damaged or truncated`,
  );
}

function bigEndian(where: string, got: string): CheckpointError {
  return new CheckpointError(
    `${where}: expected little-endian numbers, got ${JSON.stringify(got)} order; save the file on a little-endian machine`,
  );
}
