import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { range, type Rows, type SplitName } from "../../src/data/index.js";
import { openData } from "../../src/data/files.js";
import { UsageError } from "../../src/errors.js";
import { rejects, rejectsFile } from "./fails.js";
import { cifarBytes, idxBytes } from "./fixtures.js";
import { temporaryFolder } from "../support/folder.js";

const root = temporaryFolder();

async function folder(files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const path = await mkdtemp(join(root, "set-"));
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(join(path, name, ".."), { recursive: true });
    await writeFile(join(path, name), bytes);
  }
  return path;
}

/** idx files of `count` images of 1 x 2, of bytes (i >> 8, i & 255), labels i mod 10. */
function idxFiles(prefix: string, count: number) {
  const numbers = Array.from({ length: count }, (_, i) => i);
  return {
    [`${prefix}-images-idx3-ubyte`]: idxBytes(
      [count, 1, 2],
      numbers.flatMap((i) => [i >> 8, i & 255]),
    ),
    [`${prefix}-labels-idx1-ubyte`]: idxBytes(
      [count],
      numbers.map((i) => i % 10),
    ),
  };
}

function zipped(files: Readonly<Record<string, Uint8Array>>): Record<string, Uint8Array> {
  return Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)]),
  );
}

/** All rows of a split. */
async function loadSplit(
  name: string,
  folder: string,
  split: SplitName,
): Promise<Rows & { readonly count: number }> {
  const { count, take } = await (await openData(name, { folder })).split(split);
  return { ...take(range(0, count)), count };
}

describe("openData", () => {
  it("reads idx files, gzipped or not, in the folder or its own", async () => {
    const files = idxFiles("t10k", 12);
    const moved = (to: string) =>
      Object.fromEntries(Object.entries(zipped(files)).map(([name, bytes]) => [to + name, bytes]));
    const folders = [files, zipped(files), moved("fashion-mnist/")].map(folder);
    for (const path of await Promise.all(folders)) {
      const set = await loadSplit("fashion-mnist", path, "test");
      assert.deepEqual(set.labels, Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1));
      assert.deepEqual(Array.from(set.x.data).slice(0, 6), [0, 0, 0, 1, 0, 2]);
      assert.deepEqual(set.x.shape, [12, 1, 1, 2]);
      assert.ok(set.x.data instanceof Uint8Array);
      const { shape, pixels, classes, preprocessing } = await openData("fashion-mnist", {
        folder: path,
      });
      assert.deepEqual(
        [shape, pixels, classes.length, preprocessing],
        [[1, 1, 2], true, 10, undefined],
      );
    }
  });

  it("prefers the set's own folder", async () => {
    const own = Object.entries(idxFiles("t10k", 3)).map(([name, bytes]) => [
      `mnist/${name}`,
      bytes,
    ]);
    const path = await folder({
      ...zipped(idxFiles("t10k", 5)),
      ...(Object.fromEntries(own) as Record<string, Uint8Array>),
    });
    assert.equal((await loadSplit("mnist", path, "test")).count, 3);
  });

  it("holds out a tenth of the training images, the same ones each time", async () => {
    const path = await folder(idxFiles("train", 2000));
    const train = await loadSplit("mnist", path, "train");
    const validation = await loadSplit("mnist", path, "validation");
    assert.deepEqual([train.count, validation.count], [1800, 200]);
    const ids = [train, validation].map((set) =>
      Array.from(
        { length: set.count },
        (_, i) => 256 * set.x.data[2 * i]! + set.x.data[2 * i + 1]!,
      ),
    );
    assert.equal(new Set(ids.flat()).size, 2000);
    ids.forEach((set, s) => {
      assert.deepEqual(
        set,
        [...set].sort((a, b) => a - b),
      );
      set.forEach((id, i) => {
        assert.equal([train, validation][s]!.labels![i], id % 10);
      });
    });
    assert.deepEqual(ids[1]!.slice(0, 3), [3, 23, 27]);
    assert.deepEqual(await loadSplit("mnist", path, "validation"), validation);
    await rejects(loadSplit("mnist", path, "test"), /t10k-images/);
    assert.deepEqual((await openData("mnist", { folder: path })).shape, [1, 1, 2]);
  });

  it("holds out 5,000 images at most", async () => {
    const path = await folder(idxFiles("train", 60_000));
    assert.equal((await loadSplit("mnist", path, "validation")).count, 5000);
    assert.equal((await loadSplit("mnist", path, "train")).count, 55_000);
  });

  it("reads CIFAR-10 and CIFAR-100", async () => {
    const batch = (k: number) => cifarBytes(4, () => [k]);
    const path = await folder({
      ...Object.fromEntries([1, 2, 3, 4, 5].map((k) => [`data_batch_${k}.bin`, batch(k)])),
      "test_batch.bin": batch(6),
      "cifar-100/train.bin.gz": gzipSync(cifarBytes(10, (i) => [i, 90 + i])),
      "cifar-100/test.bin": cifarBytes(2, (i) => [i, 50 + i]),
    });
    const train = await loadSplit("cifar-10", path, "train");
    const validation = await loadSplit("cifar-10", path, "validation");
    assert.deepEqual([train.count, validation.count], [18, 2]);
    assert.deepEqual(
      [...train.labels!, ...validation.labels!].sort(),
      [1, 2, 3, 4, 5].flatMap((k) => [k, k, k, k]),
    );
    assert.deepEqual([...(await loadSplit("cifar-10", path, "test")).labels!], [6, 6, 6, 6]);
    assert.deepEqual([...(await loadSplit("cifar-100", path, "test")).labels!], [50, 51]);
    assert.equal((await loadSplit("cifar-100", path, "train")).count, 9);
  });

  it("reads what other programs keep under other names", async () => {
    const files = idxFiles("t10k", 4);
    const renamed = (of: (name: string) => string) =>
      Object.fromEntries(Object.entries(files).map(([name, bytes]) => [of(name), bytes]));
    const layouts = {
      "torchvision's": renamed((name) => `MNIST/raw/${name}`),
      "gzipped beside": zipped(renamed((name) => `MNIST/raw/${name}`)),
      "with a point": renamed((name) => name.replace("-idx", ".idx")),
      "a folder each": renamed((name) => `${name}/${name}`),
      "a folder each, with a point": renamed((name) => {
        const other = name.replace("-idx", ".idx");
        return `mnist/${other}/${other}`;
      }),
    };
    for (const [what, layout] of Object.entries(layouts)) {
      const path = await folder({
        ...layout,
        "FashionMNIST/raw/t10k-images-idx3-ubyte": Uint8Array.of(1),
        "elsewhere/mnist/t10k-images-idx3-ubyte": Uint8Array.of(1),
      });
      assert.equal((await loadSplit("mnist", path, "test")).count, 4, what);
    }
    const cifar = await folder({ "cifar-10-batches-bin/test_batch.bin": cifarBytes(3, () => [1]) });
    assert.equal((await loadSplit("cifar-10", cifar, "test")).count, 3);
    const python = await folder({
      "cifar-10-batches-py/data_batch_1": Uint8Array.of(1),
      "cifar-10-batches-py/test_batch": Uint8Array.of(1),
    });
    await rejects(loadSplit("cifar-10", python, "test"), /get the binary version of the set/);
  });

  it("says which files it looked for", async () => {
    const path = await folder({});
    await rejects(
      loadSplit("mnist", path, "train"),
      /expected train-images-idx3-ubyte or train-images-idx3-ubyte\.gz in .*mnist or .*got no such file; download the set, or/,
    );
    await rejects(loadSplit("cifar-10", path, "validation"), /data_batch_1\.bin or/);
    await rejects(
      loadSplit("cifar-100", join(path, "nowhere"), "test"),
      /train\.bin or train\.bin\.gz/,
    );
  });

  it("says what is wrong with a folder that is a file, or whose name is too long", async () => {
    const path = join(await folder({ "notes.txt": new Uint8Array(1) }), "notes.txt");
    await rejects(openData("mnist", { folder: path }), /notes\.txt, got no such file/);
    await rejectsFile(openData("mnist", { folder: "x".repeat(5000) }), /got too long a name/);
  });

  it("reports truncated files, gzipped or not, with both sizes", async () => {
    const images = idxBytes(
      [100, 28, 28],
      new Uint8Array(78_400).map((_, i) => (i * 7919) >> 5),
    );
    const labels = { "t10k-labels-idx1-ubyte": idxBytes([100], new Uint8Array(100)) };
    const name = "t10k-images-idx3-ubyte";
    const raw = await folder({ ...labels, [name]: images.subarray(0, 5000) });
    await rejects(
      loadSplit("mnist", raw, "test"),
      /t10k-images-idx3-ubyte: expected 78416 bytes for 100 x 28 x 28 images, got 5000; .*truncated/,
    );
    const gz = gzipSync(images);
    // Without the 8 bytes at the end nothing tells whether the content is right.
    for (const length of [gz.length - 1, gz.length - 8, gz.length >> 1, 30, 12, 3]) {
      const path = await folder({ ...labels, [`${name}.gz`]: gz.subarray(0, length) });
      await rejects(
        loadSplit("mnist", path, "test"),
        /ubyte\.gz: expected a whole gzip file, got a truncated one/,
      );
    }
  });

  it("unzips no more than the header says", async () => {
    const labels = { "t10k-labels-idx1-ubyte": idxBytes([100], new Uint8Array(100)) };
    const name = "t10k-images-idx3-ubyte.gz";
    const bomb = gzipSync(new Uint8Array(2 ** 24));
    const images = idxBytes([100, 28, 28], new Uint8Array(2 ** 24));
    for (const [content, most] of [
      [gzipSync(images), 78416],
      [bomb, 2 ** 20],
    ] as const) {
      const path = await folder({ ...labels, [name]: content });
      await rejects(
        loadSplit("mnist", path, "test"),
        new RegExp(`expected at most ${most} bytes unzipped, got more`),
      );
    }
  });

  it(
    "refuses a named pipe, without waiting for it",
    { skip: process.platform === "win32" },
    async () => {
      const path = await folder({ "t10k-labels-idx1-ubyte": idxBytes([1], new Uint8Array(1)) });
      execFileSync("mkfifo", [join(path, "t10k-images-idx3-ubyte")]);
      await rejectsFile(loadSplit("mnist", path, "test"), /got a named pipe; name a file/);
    },
  );

  it("reports damaged gzip files and folders in place of files", async () => {
    const files = zipped(idxFiles("t10k", 500));
    const name = "t10k-images-idx3-ubyte.gz";
    const damaged = files[name]!.map((byte, i) => (i > 200 && i < 220 ? byte ^ 255 : byte));
    const path = await folder({ ...files, [name]: damaged });
    await rejects(loadSplit("mnist", path, "test"), /expected a gzip file, got damaged content/);
    await rejects(
      loadSplit("mnist", await folder({ "t10k-images-idx3-ubyte/x": damaged }), "test"),
      /got no such file/,
    );
  });

  it("reads what was unzipped without a new name", async () => {
    const files = idxFiles("t10k", 4);
    const path = await folder(
      Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${name}.gz`, bytes])),
    );
    assert.equal((await loadSplit("mnist", path, "test")).count, 4);
  });

  it("lists the names on a wrong one", async () => {
    await assert.rejects(openData("mnist2", { folder: root }), (error: unknown) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /one of mnist, .*, got "mnist2"; did you mean "mnist"\?/);
      return true;
    });
    const misspelt: object = { foldr: root };
    await assert.rejects(openData("mnist", misspelt), /got "foldr"; did you mean "folder"\?/);
  });

  const real = "../shared/data";
  it("reads the real MNIST", { skip: !existsSync(join(real, "mnist")) }, async () => {
    const test = await loadSplit("mnist", real, "test");
    assert.deepEqual(test.x.shape, [10_000, 1, 28, 28]);
    assert.deepEqual([...test.labels!.subarray(0, 10)], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    const pixels = Array.from(test.x.data);
    const mean = pixels.reduce((total, v) => total + v, 0) / pixels.length / 255;
    assert.ok(Math.abs(mean - 0.13251) < 1e-4, `${mean}`);
    const validation = await loadSplit("mnist", real, "validation");
    assert.equal(validation.count, 5000);
  });
});
