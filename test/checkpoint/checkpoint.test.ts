import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CheckpointError } from "../../src/errors.js";
import {
  decodeCheckpoint,
  encodeCheckpoint,
  expectArrays,
  inferenceCheckpoint,
  type Checkpoint,
} from "../../src/checkpoint/checkpoint.js";
import {
  decodeSafetensors,
  encodeSafetensors,
  toHalfArrays,
} from "../../src/checkpoint/safetensors.js";
import { ndarray, scalarArray } from "../../src/tree.js";

const checkpoint: Checkpoint = {
  format: 1,
  model: { kind: "classifier", config: { blocks: [2, 2], bound: 0.9, note: null } },
  training: {
    seed: 7,
    step: 120,
    elapsedSeconds: 3.25,
    config: { optimizer: "adam" },
    best: { step: 100, value: 0.0625 },
  },
  arrays: {
    "blocks.0.weight": ndarray([1, 2, 3, 4], [2, 2]),
    "blocks.0.u": ndarray([0.6, 0.8], [2]),
    "blocks.0.actnorm.initialised": scalarArray(1),
    "adam.m.blocks.0.weight": ndarray([0, 0, 0, 1e-9], [2, 2]),
  },
};

function rejects(run: () => unknown, message: RegExp): void {
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof CheckpointError, String(error));
    assert.match(error.message, /^run\.safetensors: expected .+, got .+; .+/);
    assert.match(error.message, message);
    return true;
  });
}

/** The manifest as plain JSON, to be broken. */
function manifest(): Record<string, Record<string, Record<string, unknown>>> {
  const text = decodeSafetensors(encodeCheckpoint(checkpoint)).metadata.iresnet ?? "";
  return JSON.parse(text) as ReturnType<typeof manifest>;
}

function rejectsManifest(broken: unknown, message: RegExp): void {
  const iresnet = typeof broken === "string" ? broken : JSON.stringify(broken);
  const bytes = encodeSafetensors(checkpoint.arrays, { iresnet });
  rejects(() => decodeCheckpoint(bytes, "run.safetensors"), message);
}

describe("checkpoint", () => {
  it("returns all it was given, bit for bit", () => {
    const bytes = encodeCheckpoint(checkpoint);
    const decoded = decodeCheckpoint(bytes, "run.safetensors");
    assert.deepEqual(decoded, checkpoint);
    assert.deepEqual(encodeCheckpoint(decoded), bytes);
  });

  it("keeps what inference takes in numbers of 16 bits, with a checksum of them", () => {
    const arrays = {
      ...checkpoint.arrays,
      "blocks.0.weight": ndarray([1, 2, 3, 0.1], [2, 2]),
      "ema.blocks.0.u": ndarray([0.5, 1e-9], [2]),
      "optimizer.m.blocks.0.weight": ndarray([1e9, 0, 0, 0], [2, 2]),
    };
    const alone = inferenceCheckpoint({ ...checkpoint, arrays });
    assert.equal(alone.training, undefined);
    assert.ok(!Object.keys(alone.arrays).some((name) => /^(ema|optimizer)\./.test(name)));
    const bytes = encodeCheckpoint(alone, { bits: 16 });
    const decoded = decodeCheckpoint(bytes, "run.safetensors");
    assert.deepEqual(decoded, { ...alone, arrays: toHalfArrays(alone.arrays) });
    assert.deepEqual(decoded.arrays["blocks.0.u"], ndarray([0.5, 0], [2]));
    assert.deepEqual(encodeCheckpoint(decoded, { bits: 16 }), bytes);
    bytes[bytes.length - 1]! ^= 1;
    rejects(() => decodeCheckpoint(bytes, "run.safetensors"), /expected the checksum/);
    const bad = [checkpoint, { bits: 16 }] as const;
    assert.throws(() => encodeCheckpoint(...bad), /UsageError: .*without training for 16 bits/);
    for (const bits of [8, "16", NaN]) {
      assert.throws(() => encodeCheckpoint(alone, { bits: bits as 16 }), /bits of 16 or 32/);
    }
    assert.throws(() => encodeCheckpoint(alone, { bit: 16 } as object), /did you mean "bits"/);
  });

  it("keeps what the data were, and names a field that is wrong", () => {
    const data = {
      name: "faces",
      shape: [3, 8, 8],
      pixels: true,
      classes: ["a", "b"],
      condition: 2,
      preprocessing: {
        shape: [1],
        columns: [{ kind: "real" as const, name: "t", offset: 1.7e9, scale: 60 }],
      },
    };
    const decoded = decodeCheckpoint(encodeCheckpoint({ ...checkpoint, data }), "run.safetensors");
    assert.deepEqual(decoded.data, data);
    const { preprocessing, ...bare } = data;
    assert.deepEqual(decoded.data.preprocessing, preprocessing);
    const without = encodeCheckpoint({ ...checkpoint, data: bare });
    assert.deepEqual(decodeCheckpoint(without, "run.safetensors").data, bare);
    for (const [field, value, expected] of [
      ["shape", [3, -1], /description of data, got one whose data\.shape\.1 is wrong/],
      ["pixels", 1, /data\.pixels is wrong/],
      ["classes", "ab", /data\.classes is wrong/],
    ] as const) {
      rejectsManifest({ ...manifest(), data: { ...data, [field]: value } }, expected);
    }
  });

  it("needs no training, and no best", () => {
    const { format, model, arrays } = checkpoint;
    const bare: Checkpoint = { format, model, arrays };
    assert.deepEqual(decodeCheckpoint(encodeCheckpoint(bare), ""), bare);
    const started = { ...bare, training: { seed: 1, step: 0, elapsedSeconds: 0, config: null } };
    assert.deepEqual(decodeCheckpoint(encodeCheckpoint(started), ""), started);
  });

  it("writes equal bytes whatever the order of the fields", () => {
    const { format, model, training, arrays } = checkpoint;
    assert.ok(training);
    const { best, config, ...rest } = training;
    assert.ok(best);
    const reordered: Checkpoint = {
      arrays: Object.fromEntries(Object.entries(arrays).reverse()),
      training: { config, best: { value: best.value, step: best.step }, ...rest },
      model: { config: model.config, kind: model.kind },
      format,
    };
    assert.deepEqual(encodeCheckpoint(reordered), encodeCheckpoint(checkpoint));
  });

  it("refuses to write a number that JSON cannot hold", () => {
    const training = { seed: 1, step: 0, elapsedSeconds: NaN, config: null };
    assert.throws(() => encodeCheckpoint({ ...checkpoint, training }), {
      name: "CheckpointError",
      message: /^encodeCheckpoint: expected training\.elapsedSeconds to be a finite number/,
    });
  });

  it("rejects a truncated file", () => {
    const bytes = encodeCheckpoint(checkpoint);
    for (const length of [0, 4, 100, bytes.length - 6]) {
      rejects(() => decodeCheckpoint(bytes.subarray(0, length), "run.safetensors"), /truncated/);
    }
  });

  it("rejects arrays or fields that were changed, by their checksum", () => {
    const bytes = encodeCheckpoint(checkpoint);
    for (let bit = 0; bit < 8 * bytes.length; bit += 37) {
      const damaged = bytes.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      let read: Checkpoint;
      try {
        read = decodeCheckpoint(damaged, "run.safetensors");
      } catch (error) {
        assert.ok(error instanceof CheckpointError, `bit ${bit}: ${String(error)}`);
        continue;
      }
      assert.deepEqual(read, checkpoint, `bit ${bit}`);
    }
    const changed = bytes.slice();
    changed[changed.length - 1]! ^= 1;
    rejects(() => decodeCheckpoint(changed, "run.safetensors"), /the checksum [0-9a-f]{8}/);
  });

  it("reads those of earlier versions, which have no checksum", () => {
    const { metadata } = decodeSafetensors(encodeCheckpoint(checkpoint));
    const bytes = encodeSafetensors(checkpoint.arrays, { iresnet: metadata.iresnet! });
    assert.deepEqual(decodeCheckpoint(bytes, "old"), checkpoint);
  });

  it("rejects another program's file", () => {
    const bytes = encodeSafetensors(checkpoint.arrays, { format: "pt" });
    rejects(() => decodeCheckpoint(bytes, "run.safetensors"), /file of another program/);
  });

  it("rejects a newer format and says which it reads", () => {
    const message = /format 1, which this version .* got format 2; update/;
    rejectsManifest({ ...manifest(), format: 2, model: "unknown" }, message);
  });

  it("rejects a missing or mistyped format", () => {
    rejectsManifest({ ...manifest(), format: undefined }, /expected format .* got nothing/);
    rejectsManifest({ ...manifest(), format: "1" }, /expected format .* got "1"/);
    rejectsManifest({ ...manifest(), format: 0 }, /expected format .* got 0/);
  });

  it("rejects metadata that isn't a JSON object", () => {
    for (const text of ["", "{", "[1]", "null"]) rejectsManifest(text, /iresnet to be a JSON obj/);
  });

  for (const path of [
    "model",
    "model.kind",
    "model.config",
    "training.seed",
    "training.step",
    "training.elapsedSeconds",
    "training.config",
    "training.best.step",
    "training.best.value",
  ]) {
    it(`rejects a checkpoint without ${path}`, () => {
      const broken = manifest();
      const parts = path.split(".");
      const last = parts.pop() ?? "";
      const parent = parts.reduce<Record<string, unknown>>(
        (object, name) => object[name] as Record<string, unknown>,
        broken,
      );
      assert.ok(last in parent);
      Reflect.deleteProperty(parent, last);
      rejectsManifest(broken, new RegExp(`expected ${path} to be .*, got nothing`));
    });
  }

  it("rejects mistyped fields", () => {
    const { model, training } = manifest();
    const withTraining = (changes: object): object => ({
      ...manifest(),
      training: { ...training, ...changes },
    });
    rejectsManifest({ ...manifest(), model: [] }, /model to be an object, got \[\]/);
    rejectsManifest({ ...manifest(), model: { ...model, kind: 3 } }, /model\.kind to be a string/);
    rejectsManifest({ ...manifest(), training: null }, /training to be an object, got null/);
    rejectsManifest(withTraining({ step: -1 }), /training\.step to be a count, got -1/);
    rejectsManifest(withTraining({ step: 1.5 }), /training\.step to be a count, got 1\.5/);
    rejectsManifest(withTraining({ seed: "7" }), /training\.seed to be a finite number, got "7"/);
    rejectsManifest(withTraining({ best: 3 }), /training\.best to be an object, got 3/);
  });
});

describe("expectArrays", () => {
  const { arrays } = checkpoint;
  const shapes = Object.fromEntries(Object.entries(arrays).map(([name, a]) => [name, a.shape]));

  it("accepts exactly the arrays expected", () => {
    expectArrays(checkpoint, shapes, "run.safetensors");
  });

  it("names a missing array", () => {
    const expected = { ...shapes, "head.bias": [10] };
    const message = /from another model \(missing: head\.bias \[10\]\); build/;
    rejects(() => {
      expectArrays(checkpoint, expected, "run.safetensors");
    }, message);
  });

  it("names surplus arrays, the first three of many", () => {
    const message = /\(surplus: blocks\.0\.weight \[2,2\], [^()]+ \[2\], [^()]+ \[\] and 1 more\)/;
    rejects(() => {
      expectArrays(checkpoint, {}, "run.safetensors");
    }, message);
  });

  it("names an array of another shape", () => {
    const expected = { ...shapes, "blocks.0.u": [3] };
    const message = /\(of another shape: blocks\.0\.u \[2\] for \[3\]\)/;
    rejects(() => {
      expectArrays(checkpoint, expected, "run.safetensors");
    }, message);
  });

  it("isn't fooled by names that every object inherits", () => {
    const expected = { ...shapes, constructor: [1] };
    rejects(() => {
      expectArrays(checkpoint, expected, "run.safetensors");
    }, /missing: constructor/);
  });
});
