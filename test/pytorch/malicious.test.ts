import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CheckpointError, IresnetError } from "../../src/errors.js";
import { findOriginal } from "../../src/pytorch/originals.js";
import { openTorchFile } from "../../src/pytorch/torch-file.js";
import { importPyTorch } from "../../src/pytorch/import-pytorch.js";
import { fixture } from "./fixtures.js";
import { bytesOf, legacyFile, little, text, zipFile, zipOf, type Piece } from "./pickles.js";

const repeat = (piece: string, count: number): Uint8Array =>
  new Uint8Array(count * piece.length).map((_, i) => piece.charCodeAt(i % piece.length));

const pickle = (...pieces: readonly Piece[]): Uint8Array => bytesOf("\x80\x02", ...pieces, ".");

const system = "cposix\nsystem\n";
const command = text("touch owned");
const namespace = "cargparse\nNamespace\n)\x81";
const storage = bytesOf(
  "(",
  text("storage"),
  "ctorch\nFloatStorage\n",
  text("0"),
  text("cpu"),
  "K\x04tQ",
);
const rebuild = "ctorch._utils\n_rebuild_tensor_v2\n";
/** A tensor of the storage of 4 numbers. */
const tensor = (offset: Piece, shape: Piece, strides: Piece): Uint8Array =>
  bytesOf(
    rebuild,
    "(",
    storage,
    offset,
    shape,
    strides,
    "\x89",
    "ccollections\nOrderedDict\n)R",
    "tR",
  );
const fourNumbers = { "0": new Uint8Array(16) };

/** Tricks, by what they try, with what the refusal says. */
const pickles: Readonly<Record<string, readonly [Uint8Array, RegExp]>> = {
  "os.system by REDUCE": [pickle(system, command, "\x85R"), /GLOBAL of posix\.system at byte 16/],
  "nt.system, in capitals of another system": [
    pickle("cnt\nsystem\n", command, "\x85R"),
    /nt\.system/,
  ],
  "builtins.eval": [pickle("cbuiltins\neval\n", command, "\x85R"), /builtins\.eval/],
  "__builtin__.exec of Python 2": [
    pickle("c__builtin__\nexec\n", command, "\x85R"),
    /__builtin__\.exec/,
  ],
  "builtins.getattr on a module's name": [
    pickle("cbuiltins\ngetattr\n", system, command, "\x86R"),
    /builtins\.getattr/,
  ],
  "subprocess.Popen by NEWOBJ": [
    pickle("csubprocess\nPopen\n", command, "\x85\x81"),
    /subprocess\.Popen/,
  ],
  "pickle.loads of another pickle": [
    pickle("c_pickle\nloads\n", command, "\x85R"),
    /_pickle\.loads/,
  ],
  "torch.load of another file": [
    pickle("ctorch.serialization\nload\n", command, "\x85R"),
    /torch\.serialization\.load/,
  ],
  "torch.hub.load": [pickle("ctorch.hub\nload\n", command, "\x85R"), /torch\.hub\.load/],
  "runpy by INST": [pickle("(", command, "irunpy\n_run_code\n"), /INST of runpy\._run_code/],
  "os.system by OBJ": [pickle("(", "ccollections\nOrderedDict\n", command, "o"), /OBJ at byte/],
  "NEWOBJ_EX with keywords": [pickle("ccollections\nOrderedDict\n)}\x92"), /NEWOBJ_EX/],
  "a function by NEWOBJ": [pickle(rebuild, ")\x81"), /NEWOBJ of torch\._utils _rebuild_tensor_v2/],
  "STACK_GLOBAL of os.system": [
    bytesOf("\x80\x04\x8c\x05posix\x8c\x06system\x93."),
    /posix\.system/,
  ],
  "STACK_GLOBAL of an attribute's attribute": [
    bytesOf("\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.__init__\x93."),
    /OrderedDict\.__init__/,
  ],
  "STACK_GLOBAL of numbers": [bytesOf("\x80\x04K\x01K\x02\x93."), /STACK_GLOBAL/],
  "a module's name with a space in it": [
    bytesOf("\x80\x04\x8c\x00\x8c\x17collections OrderedDict\x93."),
    /GLOBAL/,
  ],
  "GLOBAL of a class whose name goes on": [
    pickle("ccollections\nOrderedDict \n"),
    /GLOBAL of collections\.OrderedDict /,
  ],
  "the extension registry by EXT1": [pickle("\x82\x01"), /EXT1/],
  "the extension registry by EXT2": [pickle("\x83\x01\x01"), /EXT2/],
  "the extension registry by EXT4": [pickle("\x84\x01\x01\x01\x01"), /EXT4/],
  "a text as persistent identifier": [pickle("Pstorage\n"), /PERSID/],
  "a persistent identifier that calls": [pickle(system, "Q"), /GLOBAL of posix\.system/],
  "a persistent identifier of another kind": [pickle(text("module"), "\x85Q"), /BINPERSID/],
  "a persistent identifier of a storage that is a function": [
    pickle("(", text("storage"), rebuild, text("0"), text("cpu"), "K\x04tQ"),
    /BINPERSID/,
  ],
  "a persistent identifier of a negative length": [
    pickle(
      "(",
      text("storage"),
      "ctorch\nFloatStorage\n",
      text("0"),
      text("cpu"),
      "J\xff\xff\xff\xfftQ",
    ),
    /BINPERSID/,
  ],
  "a storage of two types": [
    pickle(
      storage,
      "0(",
      text("storage"),
      "ctorch\nDoubleStorage\n",
      text("0"),
      text("cpu"),
      "K\x04tQ",
    ),
    /storage 0 to be the same everywhere/,
  ],
  "REDUCE of text": [pickle(command, ")R"), /REDUCE of the text/],
  "REDUCE of a storage's class": [
    pickle("ctorch\nFloatStorage\n)R"),
    /REDUCE of torch FloatStorage/,
  ],
  "REDUCE with a list for arguments": [
    pickle("ccollections\nOrderedDict\n]R"),
    /REDUCE of collections OrderedDict with a list/,
  ],
  "BUILD of a class itself": [pickle("ccollections\nOrderedDict\n}b"), /BUILD of the name/],
  "BUILD of a tensor": [
    pickle(tensor("K\x00", "K\x04\x85", "K\x01\x85"), "}b"),
    /BUILD of a tensor/,
  ],
  "BUILD with a tuple of slots": [
    pickle(namespace, "N}", text("__class__"), system, "s\x86b"),
    /posix\.system/,
  ],
  "BUILD with a tuple": [pickle(namespace, "N}\x86b"), /BUILD with a tuple/],
  "BUILD again and again": [
    pickle(namespace, "}K\x01K\x01sb", "}K\x01K\x02sb"),
    /BUILD of fields given before/,
  ],
  "a buffer out of band": [pickle("\x97"), /NEXT_BUFFER/],
  "a read-only buffer": [pickle("\x98"), /READONLY_BUFFER/],
  "an opcode that isn't one": [pickle("\xff"), /byte 0xff/],
  "a protocol to come": [bytesOf("\x80\x06N."), /protocol 5/],
  "an integer of 2^31 bytes": [pickle("\x8b", little(2 ** 31, 4)), /integer of at most 64 bytes/],
  "an integer of 2^31 - 1 bytes": [
    pickle("\x8b", little(2 ** 31 - 1, 4)),
    /integer of at most 64 bytes/,
  ],
  "a text of 2^32 - 1 bytes": [pickle("X", little(2 ** 32 - 1, 4)), /4294967295 more bytes/],
  "a text of 2^64 - 1 bytes": [
    pickle("\x8d", little(2n ** 64n - 1n, 8)),
    /18446744073709551615 more bytes/,
  ],
  "bytes of 2^63": [pickle("\x8e", little(2n ** 63n, 8)), /more bytes/],
  "a string of negative length": [pickle("T\xff\xff\xff\xff"), /-1 more bytes/],
  "a frame of 2^60 bytes": [bytesOf("\x80\x04\x95", little(2n ** 60n, 8), "N."), /frame/],
  "a number of a million digits": [pickle("L", repeat("9", 1e6), "L\n"), /line of at most 4096/],
  "text that isn't UTF-8": [pickle("X", little(2, 4), "\xc3\x28"), /UTF-8/],
  "an escape beyond Unicode": [pickle("V\\U00ffffff\n"), /an escape/],
  "POP of nothing": [pickle("0"), /a value, got none/],
  "POP below a mark": [pickle("N(a"), /a value, got none/],
  "SETITEM on a number": [pickle("K\x01K\x01K\x01s"), /a dict/],
  "an odd number of keys and values": [pickle("}(K\x01u"), /keys with values/],
  "a key given twice": [pickle("}(", text("a"), "N", text("a"), "Nu"), /each key of a dict once/],
  "a list as key": [pickle("}]Ns"), /a key/],
  "a value that was never remembered": [pickle("h\x05"), /number 5, unset/],
  "memo number 2^32 - 1": [pickle("Nr\xff\xff\xff\xff0j\xff\xff\xff\xfe"), /unset/],
  "two values at the end": [pickle("NN"), /one value at the end/],
  "a mark at the end": [pickle("N("), /a value, got none/],
  "a million nested lists on the stack": [
    pickle(repeat("]", 1e6)),
    /at most 65536 values on the stack/,
  ],
  "a million marks": [pickle(repeat("(", 1e6)), /at most 65536 marks/],
  "a tuple of 10^9 elements, as far as a file goes": [
    pickle("(", repeat("N", 3e7), "t"),
    /values on the stack/,
  ],
  "30 million dicts in a list": [pickle("]", repeat("}a", 1.5e7)), /at most 524288 lists/],
  "30 million remembered values": [
    pickle("N", repeat("\x94", 3e7)),
    /at most|more bytes|number|one value/,
  ],
  "a list copied again and again": [
    pickle("](", repeat("N", 60000), "eq\x00", repeat("0c__builtin__\nset\nh\x00\x85R", 100)),
    /at most 524288 lists/,
  ],
  "fields copied again and again": [
    pickle(
      "}(",
      ...Array.from({ length: 20000 }, (_, i) => ["K\x01", text(`k${i}`)]).map(([value, key]) =>
        bytesOf(key!, value!),
      ),
      "uq\x00",
      repeat(`0${namespace}h\x00b`, 100),
    ),
    /at most 524288 lists/,
  ],
  "a tensor beyond its storage": [
    pickle(tensor("K\x00", "K\x05\x85", "K\x01\x85")),
    /views within their storages/,
  ],
  "a tensor at an offset beyond it": [
    pickle(tensor("K\x04", "K\x01\x85", "K\x01\x85")),
    /views within their storages/,
  ],
  "a tensor of 10^12 numbers by strides of 0": [
    pickle(tensor("K\x00", bytesOf("\x8a\x06", little(1e12, 6), "\x85"), "K\x00\x85")),
    /views within their storages/,
  ],
  "a tensor whose size overflows": [
    pickle(
      tensor(
        "K\x00",
        bytesOf(
          ...Array.from({ length: 3 }, () => bytesOf("\x8a\x05", little(2 ** 38, 5))),
          "\x87",
        ),
        "K\x00K\x00K\x00\x87",
      ),
    ),
    /views within their storages/,
  ],
  "a negative stride": [
    pickle(tensor("K\x03", "K\x04\x85", "J\xff\xff\xff\xff\x85")),
    /offset, shape and strides/,
  ],
  "a tensor with more axes than strides": [
    pickle(tensor("K\x00", "K\x01K\x01\x86", "K\x01\x85")),
    /offset, shape and strides/,
  ],
  "a tensor of text": [pickle(rebuild, "(", command, "K\x00))tR"), /a tensor of a storage/],
  "a quantised tensor": [pickle("ctorch._utils\n_rebuild_qtensor\n"), /_rebuild_qtensor/],
};

/** Tricks that unpickle, and are refused when a model is looked for. */
const models: Readonly<Record<string, readonly [Uint8Array, RegExp]>> = {
  "a list that holds itself": [pickle("]q\x00h\x00a"), /a model, or a state dict/],
  "tuples of tuples of 2^60 elements": [
    pickle("N", repeat("2\x86", 60)),
    /a model, or a state dict/,
  ],
  "a million lists within lists, one by one": [
    pickle("]", repeat("q\x000]h\x00a", 5e5)),
    /a model, or a state dict/,
  ],
  "modules within themselves": [
    pickle(
      "ctorch.nn.modules.container\nSequential\n)\x81q\x00}(",
      text("_modules"),
      "}",
      text("0"),
      "h\x00s",
      text("_parameters"),
      "}",
      "ub",
    ),
    /modules at most 32 deep/,
  ],
  "fields called __proto__": [
    pickle(namespace, "}", text("__proto__"), "}", text("owned"), "\x88ssb"),
    /a model, or a state dict/,
  ],
  "a state dict with __proto__ beside a tensor": [
    pickle("}(", text("__proto__"), tensor("K\x00", "K\x04\x85", "K\x01\x85"), "u"),
    /residual blocks|blocks of convolutions/,
  ],
};

const honest = { name: "archive/data.pkl", content: pickle("}") };
const named = (name: string): Uint8Array => zipOf([honest, { name, content: new Uint8Array(4) }]);

const zips: Readonly<Record<string, readonly [Uint8Array, RegExp]>> = {
  "a zip slip": [named("../../etc/passwd"), /names within the archive/],
  "a zip slip in the middle": [named("archive/../../x"), /names within the archive/],
  "an absolute name": [named("/etc/passwd"), /names within the archive/],
  "a name of another system": [named("archive\\..\\x"), /names within the archive/],
  "a drive's name": [named("C:x"), /names within the archive/],
  "a name with a NUL": [named("archive/data.pkl\0.txt"), /names within the archive/],
  "a name twice": [zipOf([honest, honest]), /each name once/],
  "two pickles": [zipOf([honest, { ...honest, name: "other/data.pkl" }]), /one data\.pkl/],
  "no pickle": [zipOf([{ name: "archive/x", content: new Uint8Array(1) }]), /one data\.pkl/],
  "a zip bomb by compression": [
    zipOf([
      { ...honest, method: 8, claimed: { size: 2 ** 32 - 2, packed: honest.content.length } },
    ]),
    /stored as it is/,
  ],
  "a stored bomb": [
    zipOf([{ ...honest, claimed: { size: 2 ** 31, packed: honest.content.length } }]),
    /bytes for archive\/data\.pkl/,
  ],
  "more bytes than the archive has": [
    zipOf([{ ...honest, claimed: { size: 2 ** 31 } }]),
    /2147483648 bytes of/,
  ],
  "a bomb of overlapping files": [
    zipOf([
      honest,
      { ...honest, name: "archive/data.pk2", claimed: { header: 0, localName: "x" } },
    ]),
    /where the directory says|overlap/,
  ],
  "a local name that differs": [
    zipOf([{ ...honest, claimed: { localName: "archive/DATA.pkl" } }]),
    /where the directory says/,
  ],
  "an encrypted file": [zipOf([{ ...honest, flags: 1 }]), /password/],
  "a wrong checksum": [zipOf([{ ...honest, claimed: { crc: 1 } }]), /checksum/],
  "more entries than there are": [
    zipOf([honest], { count: 60000 }),
    /a directory before|entry 1 of 60000/,
  ],
  "a directory beyond the archive": [zipOf([honest], { start: 2 ** 20 }), /a directory before/],
  "a size in 64 bits that isn't there": [
    zipOf([{ ...honest, claimed: { size: 0xffffffff } }]),
    /in 64 bits/,
  ],
  "bytes behind the end": [bytesOf(zipOf([honest]), "x"), /its directory at the end/],
  "numbers that are missing": [
    zipFile(pickle("}(", text("a"), tensor("K\x00", "K\x04\x85", "K\x01\x85"), "u")),
    /a file archive\/data\/0/,
  ],
  "fewer numbers than a storage has": [
    zipFile(pickle("}(", text("a"), tensor("K\x00", "K\x04\x85", "K\x01\x85"), "u"), {
      "0": new Uint8Array(15),
    }),
    /16 bytes of storage 0/,
  ],
  "big-endian numbers": [
    zipOf([honest, { name: "archive/byteorder", content: bytesOf("big") }]),
    /little-endian/,
  ],
};

const legacies: Readonly<Record<string, readonly [Uint8Array, RegExp]>> = {
  "another magic number": [bytesOf("\x80\x02K\x01."), /a file of torch\.save/],
  "a call in place of the magic number": [bytesOf("\x80\x02", system, ")R."), /posix\.system/],
  "an allowed call in place of the magic number": [
    bytesOf("\x80\x02ccollections\nOrderedDict\n)R."),
    /collections\.OrderedDict/,
  ],
  "storages that the pickle doesn't name": [
    legacyFile(pickle("}"), bytesOf("\x80\x02]", text("0"), "a.")),
    /each storage once/,
  ],
  "storages that are missing": [
    legacyFile(pickle(storage), bytesOf("\x80\x02].")),
    /numbers of storage 0, got none/,
  ],
  "a storage of another length": [
    legacyFile(pickle(storage), bytesOf("\x80\x02]", text("0"), "a.", little(2n ** 62n, 8))),
    /4 numbers of storage 0/,
  ],
  "a call among the storages' keys": [
    legacyFile(pickle(storage), bytesOf("\x80\x02", system, ".")),
    /posix\.system/,
  ],
  "nothing at all": [new Uint8Array(), /1 more bytes/],
  text: [bytesOf("Not a model\n"), /OBJ at byte 2/],
};

const most = { seconds: 5, megabytes: 900 };

/** Refused with a message, in bounded time and memory. */
function assertRefused(run: () => unknown, expected: RegExp): void {
  const [start, before] = [performance.now(), process.memoryUsage().rss];
  assert.throws(run, (error) => {
    assert.ok(error instanceof CheckpointError, String(error));
    assert.match(error.message, expected);
    return true;
  });
  const megabytes = (process.memoryUsage().rss - before) / 2 ** 20;
  const seconds = (performance.now() - start) / 1000;
  assert.ok(seconds < most.seconds, `took ${seconds} s`);
  assert.ok(megabytes < most.megabytes, `took ${megabytes} MB`);
}

describe("openTorchFile refuses", () => {
  for (const [trick, [bytes, expected]] of Object.entries(pickles)) {
    it(trick, () => {
      assertRefused(() => openTorchFile(zipFile(bytes, fourNumbers), "x.pt"), expected);
      assertRefused(
        () => openTorchFile(legacyFile(bytes), "x.pt"),
        expected.source.includes("byte 16") ? /posix\.system/ : expected,
      );
    });
  }

  for (const [trick, [bytes, expected]] of Object.entries({ ...zips, ...legacies })) {
    it(trick, () => {
      assertRefused(() => {
        const file = openTorchFile(bytes, "x.pt");
        findOriginal(file, "x.pt").state.take("a");
      }, expected);
    });
  }
});

describe("importPyTorch refuses", () => {
  for (const [trick, [bytes, expected]] of Object.entries(models)) {
    it(trick, () => {
      for (const from of ["invertible-resnet", "residual-flows"] as const) {
        assertRefused(() => importPyTorch(zipFile(bytes, fourNumbers), { from }), expected);
      }
      assert.ok(!("owned" in {}));
    });
  }

  for (const name of ["toy.pth", "toy-legacy.pth", "classifier.pth"]) {
    it(`${name} cut off anywhere`, () => {
      const whole = fixture(name);
      for (let length = 0; length < whole.length; length += length < 600 ? 1 : 97) {
        assert.throws(
          () => importPyTorch(whole.subarray(0, length), { from: "residual-flows" }),
          IresnetError,
          `${length} bytes`,
        );
      }
    });
  }

  it("bytes that were changed, or imports the model all the same", () => {
    const whole = fixture("toy-legacy.pth");
    for (let at = 0; at < whole.length; at += 37) {
      const changed = whole.slice();
      changed[at]! ^= 1 << (at % 8);
      try {
        importPyTorch(changed, { from: "residual-flows" });
      } catch (error) {
        assert.ok(error instanceof IresnetError, `byte ${at}: ${String(error)}`);
      }
    }
  });
});
