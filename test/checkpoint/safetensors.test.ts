import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CheckpointError, ShapeError } from "../../src/errors.js";
import {
  decodeSafetensors,
  encodeSafetensors,
  toHalfArrays,
} from "../../src/checkpoint/safetensors.js";
import { ndarray, scalarArray, type Arrays } from "../../src/tree.js";

const arrays: Arrays = {
  "blocks.0.weight": ndarray([1.5, -2, 3e-40, Infinity, -0, 0.1], [2, 3]),
  "actnorm.initialised": scalarArray(1),
  empty: ndarray([], [0, 4]),
  "blocks.0.bias": ndarray([NaN, 7], [2]),
};
const metadata = { title: "zwölf Boxkämpfer 🥊", a: "" };
const file = encodeSafetensors(arrays, metadata);

/** The file's header as text, and its data. */
function split(bytes: Uint8Array): { header: string; data: Uint8Array } {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  return {
    header: new TextDecoder().decode(bytes.subarray(8, 8 + length)),
    data: bytes.subarray(8 + length),
  };
}

/** A file of any header and data, however wrong. */
function join(header: string | Uint8Array, data: Uint8Array, length?: bigint): Uint8Array {
  const json = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

function withEntry(entry: unknown, dataLength = 8): Uint8Array {
  return join(JSON.stringify({ w: entry }), new Uint8Array(dataLength));
}

function rejects(bytes: Uint8Array, message: RegExp): void {
  assert.throws(
    () => decodeSafetensors(bytes, "model.safetensors"),
    (error: unknown) => {
      assert.ok(error instanceof CheckpointError, String(error));
      assert.match(error.message, /^model\.safetensors: expected .+, got .+; .+/);
      assert.match(error.message, message);
      return true;
    },
  );
}

describe("safetensors", () => {
  it("returns the arrays and metadata it was given, bit for bit", () => {
    const decoded = decodeSafetensors(file);
    assert.deepEqual(decoded, { arrays, metadata });
    assert.deepEqual(encodeSafetensors(decoded.arrays, decoded.metadata), file);
  });

  it("holds nothing at all", () => {
    assert.deepEqual(decodeSafetensors(encodeSafetensors({}, {})), { arrays: {}, metadata: {} });
  });

  it("writes equal bytes whatever the order of the names", () => {
    const reversed = Object.fromEntries(Object.entries(arrays).reverse());
    assert.deepEqual(encodeSafetensors(reversed, { a: "", title: metadata.title }), file);
  });

  it("writes what the format's description says", () => {
    const { header, data } = split(file);
    assert.equal(new TextEncoder().encode(header).length % 8, 0);
    assert.ok(header.startsWith("{"));
    const parsed = JSON.parse(header) as Record<string, unknown>;
    assert.deepEqual(parsed, {
      __metadata__: metadata,
      "actnorm.initialised": { dtype: "F32", shape: [], data_offsets: [0, 4] },
      "blocks.0.bias": { dtype: "F32", shape: [2], data_offsets: [4, 12] },
      "blocks.0.weight": { dtype: "F32", shape: [2, 3], data_offsets: [12, 36] },
      empty: { dtype: "F32", shape: [0, 4], data_offsets: [36, 36] },
    });
    assert.equal(data.length, 36);
    const view = new DataView(data.buffer, data.byteOffset);
    const floats = Array.from({ length: 9 }, (_, i) => view.getFloat32(4 * i, true));
    assert.deepEqual(floats, [1, NaN, 7, ...arrays["blocks.0.weight"]!.data]);
  });

  it("reads another program's file: other order, no metadata, unpadded header", () => {
    const header = `{"b":{"shape":[1],"data_offsets":[4,8],"dtype":"F32"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"none":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`;
    const data = new Uint8Array(Float32Array.of(1, 2).buffer);
    assert.deepEqual(decodeSafetensors(join(header, data)), {
      arrays: { a: scalarArray(1), b: ndarray([2], [1]), none: ndarray([], [0]) },
      metadata: {},
    });
  });

  it("copies from a view at any offset, so that later writes to the bytes change nothing", () => {
    const pool = Buffer.alloc(file.length + 3);
    pool.set(file, 3);
    const decoded = decodeSafetensors(pool.subarray(3));
    pool.fill(0xff);
    assert.deepEqual(decoded.arrays, arrays);
  });

  it("writes a view of a larger array, not the larger array", () => {
    const data = Float32Array.of(1, 2, 3).subarray(1, 2);
    const { arrays: decoded } = decodeSafetensors(
      encodeSafetensors({ w: { shape: [], data } }, {}),
    );
    assert.deepEqual(decoded, { w: scalarArray(2) });
  });

  it("keeps names that JavaScript gives a meaning", () => {
    const named = Object.fromEntries([["__proto__", scalarArray(3)]]);
    const { arrays: decoded } = decodeSafetensors(encodeSafetensors(named, {}));
    assert.deepEqual(Object.entries(decoded), [["__proto__", scalarArray(3)]]);
  });

  it("refuses to write what could not be read", () => {
    const short = { shape: [2], data: Float32Array.of(1) };
    assert.throws(() => encodeSafetensors({ w: short }, {}), ShapeError);
    assert.throws(() => encodeSafetensors({ __metadata__: scalarArray(1) }, {}), CheckpointError);
  });

  it("rejects a file cut anywhere", () => {
    for (let length = 0; length < file.length; length++) {
      rejects(file.subarray(0, length), /truncated/);
    }
    rejects(file.subarray(0, 4), /expected a safetensors file, got 4 bytes/);
    rejects(file.subarray(0, 40), /expected a header of \d+ bytes, got 32 bytes/);
    rejects(file.subarray(0, file.length - 10), /expected 36 bytes of data, got 26/);
  });

  it("rejects bytes after the data", () => {
    const { header, data } = split(file);
    rejects(join(header, new Uint8Array([...data, 0])), /expected 36 bytes of data, got 37/);
  });

  it("rejects a hostile header length without allocating it", () => {
    const before = process.memoryUsage().arrayBuffers;
    for (const length of [1n << 32n, 1n << 53n, (1n << 64n) - 1n]) {
      rejects(join("{}", new Uint8Array(0), length), /expected a header of \d+ bytes, got 2 bytes/);
    }
    assert.ok(process.memoryUsage().arrayBuffers - before < 1e6);
  });

  it("rejects foreign files", () => {
    rejects(new TextEncoder().encode("step,loss\n1,2.5\n2,2.25\n"), /header of/);
    rejects(join("\x89PNG", new Uint8Array(0)), /expected a JSON header/);
    rejects(join(Uint8Array.of(0x7b, 0xff, 0x7d), new Uint8Array(0)), /expected a JSON header/);
  });

  for (const header of ["", "{", "[]", "null", "1", '{"w":}', "{}\0\0", "[".repeat(1e5)]) {
    it(`rejects the header ${JSON.stringify(header.slice(0, 10))}`, () => {
      rejects(join(header, new Uint8Array(0)), /expected a JSON header/);
    });
  }

  it("rejects metadata that isn't text", () => {
    rejects(join('{"__metadata__":{"step":1}}', new Uint8Array(0)), /strings to strings/);
    rejects(join('{"__metadata__":[]}', new Uint8Array(0)), /strings to strings/);
  });

  it("rejects other types of numbers", () => {
    const entry = { dtype: "F64", shape: [1], data_offsets: [0, 8] };
    rejects(withEntry(entry), /dtype F32, F16, BF16 in "w", got "F64"; convert/);
    for (const dtype of ["toString", "__proto__", ["F16"]]) {
      rejects(withEntry({ ...entry, dtype }), /dtype F32/);
    }
    for (const other of [null, 1, [], {}]) rejects(withEntry(other), /dtype F32/);
  });

  it("reads numbers of 16 bits beside those of 32", () => {
    const header = `{"f":{"dtype":"F16","shape":[3],"data_offsets":[0,6]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[6,10]},"w":{"dtype":"F32","shape":[],"data_offsets":[10,14]}}`;
    const data = new DataView(new ArrayBuffer(14));
    [0x3c00, 0xc100, 0x7bff, 0x3f80, 0xc120].forEach((bits, i) => {
      data.setUint16(2 * i, bits, true);
    });
    data.setFloat32(10, 0.1, true);
    assert.deepEqual(decodeSafetensors(join(header, new Uint8Array(data.buffer))).arrays, {
      f: ndarray([1, -2.5, 65504], [3]),
      b: ndarray([1, -10], [2]),
      w: scalarArray(0.1),
    });
    rejects(
      withEntry({ dtype: "F16", shape: [2], data_offsets: [0, 8] }),
      /expected 4 bytes in "w" of shape \[2\], got 8/,
    );
  });

  it("writes numbers of 16 bits: the nearest, in half the bytes", () => {
    const wide: Arrays = { w: ndarray([1 / 3, -65519, 1e-8, 2 ** -24, NaN, -Infinity], [2, 3]) };
    const bytes = encodeSafetensors(wide, {}, 16);
    assert.match(split(bytes).header, /"dtype":"F16","shape":\[2,3\],"data_offsets":\[0,12\]/);
    const decoded = decodeSafetensors(bytes).arrays;
    const expected = [1365 / 4096, -65504, 0, 2 ** -24, NaN, -Infinity];
    assert.deepEqual(decoded, { w: ndarray(expected, [2, 3]) });
    assert.deepEqual(encodeSafetensors(decoded, {}, 16), bytes);
    assert.deepEqual(toHalfArrays(wide), decoded);
  });

  it("refuses numbers that 16 bits can't hold", () => {
    for (const value of [65_520, -7e4, 3e38]) {
      assert.throws(
        () => encodeSafetensors({ w: ndarray([0, value], [2]) }, {}, 16),
        /CheckpointError: encodeSafetensors: expected numbers up to 65,504 in "w".*; write 32 bits/,
      );
    }
  });

  it("rejects bad shapes", () => {
    for (const shape of [undefined, 2, [-2], [1.5], ["2"], [2 ** 53], [null]]) {
      rejects(withEntry({ dtype: "F32", shape, data_offsets: [0, 8] }), /a shape for "w"/);
    }
  });

  it("rejects sizes that don't match", () => {
    for (const shape of [[], [3], [2 ** 40, 2 ** 40], Array<number>(500).fill(1e9)]) {
      const message = /expected \S+ bytes in "w" of shape \[.*\], got 8/;
      rejects(withEntry({ dtype: "F32", shape, data_offsets: [0, 8] }), message);
    }
    rejects(withEntry({ dtype: "F32", shape: [2], data_offsets: [8, 0] }), /got -8/);
  });

  it("rejects bad offsets", () => {
    for (const data_offsets of [undefined, 0, [], [0], [0, 4, 8], [-8, 0], [0, "8"], [0.5, 8.5]]) {
      rejects(withEntry({ dtype: "F32", shape: [2], data_offsets }), /data_offsets \[begin, end\]/);
    }
    rejects(withEntry({ dtype: "F32", shape: [2], data_offsets: [4, 12] }, 12), /begin at byte 0/);
    rejects(withEntry({ dtype: "F32", shape: [4], data_offsets: [0, 16] }), /16 bytes of data/);
  });

  it("rejects arrays that overlap or leave a gap", () => {
    const pair = (begin: number): Uint8Array =>
      join(
        JSON.stringify({
          a: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
          b: { dtype: "F32", shape: [2], data_offsets: [begin, begin + 8] },
        }),
        new Uint8Array(begin + 8),
      );
    assert.ok(decodeSafetensors(pair(8)));
    for (const begin of [0, 4, 12]) {
      rejects(pair(begin), new RegExp(`"b" to begin at byte 8 of the data, got ${begin}`));
    }
  });
});
