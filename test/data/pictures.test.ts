import assert from "node:assert/strict";
import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { fitPicture, type PictureFit } from "../../src/data/pictures/fit-picture.js";
import {
  openPictureFolder,
  type PictureFolderOptions,
} from "../../src/data/pictures/picture-folder.js";
import { readPictures } from "../../src/data/pictures/picture-reader.js";
import { decodePng } from "../../src/data/pictures/png.js";
import { DataError, FileError, IresnetError, UsageError } from "../../src/errors.js";
import { Random } from "../../src/random.js";
import { ascii, joined, pngFile, pngHeaderChunk, pngOf } from "./tables.js";
import { temporaryFolder } from "../support/folder.js";

const root = temporaryFolder();

/** A folder of these files; text is the target of a link. */
async function folderOf(files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  const folder = await mkdtemp(join(root, "set-"));
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    if (typeof content === "string") await symlink(content, path);
    else await writeFile(path, content);
  }
  return folder;
}

/** A grey PNG of `width` x `height` that is `value` everywhere. */
function grey(width: number, height: number, value: number): Uint8Array {
  const line = Uint8Array.of(0, ...new Uint8Array(width).fill(value));
  return pngFile(pngHeaderChunk(width, height), joined(...Array<Uint8Array>(height).fill(line)));
}

function noise(length: number, seed: number): Uint8Array {
  const uniform = Random.fromSeed(seed).uniform(length);
  return Uint8Array.from(uniform, (value) => Math.floor(value * 256));
}

const noisy = (width: number, height: number, channels: 1 | 2 | 3 | 4, seed = 1) =>
  sharp(noise(width * height * channels, seed), { raw: { width, height, channels } });

describe("decodePng", () => {
  const kinds: Readonly<Record<string, () => Promise<Buffer>>> = {
    grey: () => noisy(13, 7, 1).toColourspace("b-w").png().toBuffer(),
    "grey with alpha": () => noisy(13, 7, 2).toColourspace("b-w").png().toBuffer(),
    RGB: () => noisy(13, 7, 3).png().toBuffer(),
    "RGB with alpha": () => noisy(13, 7, 4).png().toBuffer(),
    "RGB, interlaced": () => noisy(13, 7, 3).png({ progressive: true }).toBuffer(),
    "RGB with filters": () => noisy(64, 64, 3).blur(3).png({ adaptiveFiltering: true }).toBuffer(),
    "a palette of 2 colours": () => noisy(13, 7, 3).png({ palette: true, colours: 2 }).toBuffer(),
    "a palette of 4 colours, interlaced": () =>
      noisy(13, 7, 3).png({ palette: true, colours: 4, progressive: true }).toBuffer(),
    "a palette of 16 colours": () => noisy(13, 7, 3).png({ palette: true, colours: 16 }).toBuffer(),
    "a palette with alpha": () => noisy(13, 7, 4).png({ palette: true }).toBuffer(),
    "one pixel, interlaced": () => noisy(1, 1, 3).png({ progressive: true }).toBuffer(),
  };
  for (const [kind, make] of Object.entries(kinds)) {
    it(`agrees with sharp on ${kind}`, async () => {
      const bytes = await make();
      const ours = decodePng("a.png", bytes);
      const theirs = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
      const { channels } = theirs.info;
      // sharp gives grey as RGB.
      const kept = [[0], [0, 3], [0, 1, 2], [0, 1, 2, 3]][ours.channels - 1]!;
      assert.equal(channels % 2, ours.channels % 2);
      const expected = theirs.data.filter((_, at) => kept.includes(at % channels));
      assert.deepEqual(ours.data, new Uint8Array(expected));
    });
  }

  it("rounds 16 bits, spreads fewer than 8, and takes a colour for transparent", () => {
    const deep = pngFile(pngHeaderChunk(2, 1, 16), Uint8Array.of(0, 0x80, 0x7f, 0xff, 0xff));
    assert.deepEqual(decodePng("a", deep).data, Uint8Array.of(128, 255));
    const shallow = pngFile(pngHeaderChunk(5, 1, 2), Uint8Array.of(0, 0b00011011, 0b11000000));
    assert.deepEqual(decodePng("a", shallow).data, Uint8Array.of(0, 85, 170, 255, 255));
    const keyed = pngOf([
      ["IHDR", pngHeaderChunk(2, 1)],
      ["tRNS", Uint8Array.of(0, 7)],
      ["IDAT", new Uint8Array(deflateSync(Uint8Array.of(0, 7, 8)))],
      ["IEND", new Uint8Array(0)],
    ]);
    const { channels, data } = decodePng("a", keyed);
    assert.equal(channels, 2);
    assert.deepEqual(data, Uint8Array.of(7, 0, 8, 255));
  });
});

describe("fitPicture", () => {
  const to = (size: Partial<PictureFit>): PictureFit => ({
    width: 4,
    height: 4,
    fit: "crop",
    channels: 1,
    background: 255,
    ...size,
  });

  it("leaves a picture of the right size as it is, channel by channel", () => {
    const data = noise(4 * 4 * 3, 2);
    const fitted = fitPicture({ width: 4, height: 4, channels: 3, data }, to({ channels: 3 }));
    const planes = [0, 1, 2].flatMap((c) => [...data].filter((_, at) => at % 3 === c));
    assert.deepEqual([...fitted], planes);
  });

  it("crops the middle, or stretches all", () => {
    const data = Uint8Array.of(0, 10, 20, 30, 40, 50, 60, 70);
    const wide = { width: 4, height: 2, channels: 1 as const, data };
    const cropped = fitPicture(wide, to({ width: 2, height: 2 }));
    assert.deepEqual([...cropped], [10, 20, 50, 60]);
    const stretched = fitPicture(wide, to({ width: 1, height: 2, fit: "stretch" }));
    assert.deepEqual([...stretched], [15, 55]);
  });

  it("agrees with sharp's triangle filter within a grey level, but for the edges", async () => {
    const bytes = await noisy(32, 24, 1, 3).blur(2).toColourspace("b-w").png().toBuffer();
    const ours = fitPicture(decodePng("a", bytes), to({ width: 16, height: 12 }));
    const theirs = await sharp(bytes)
      .resize(16, 12, { kernel: "linear", fastShrinkOnLoad: false })
      .toColourspace("b-w")
      .raw()
      .toBuffer();
    // At the edges sharp repeats the outermost pixel, where ours weighs those that there are.
    const isInner = (at: number): boolean => at >= 16 && at < 176 && at % 16 > 0 && at % 16 < 15;
    assert.equal(theirs.length, 192);
    const apart = [...ours].flatMap((value, at) =>
      isInner(at) ? [Math.abs(value - theirs[at]!)] : [],
    );
    assert.ok(
      apart.every((difference) => difference <= 1),
      apart.join(" "),
    );
  });

  it("lays transparent pixels on the background and mixes grey of colours", () => {
    const data = Uint8Array.of(255, 0, 0, 255, 0, 0, 0, 0, 0, 255, 0, 51, 0, 0, 255, 255);
    const picture = { width: 2, height: 2, channels: 4 as const, data };
    const fitted = fitPicture(picture, to({ width: 2, height: 2, background: 100 }));
    const mixed = Math.round(0.299 * 80 + 0.587 * 131 + 0.114 * 80);
    assert.deepEqual([...fitted], [76, 100, mixed, 29]);
  });
});

describe("openPictureFolder", () => {
  it("takes subfolders for classes and leaves other files out", async () => {
    const folder = await folderOf({
      "dog/2.png": grey(3, 2, 2),
      "cat/1.PNG": grey(3, 2, 1),
      "cat/more/0.png": grey(3, 2, 7),
      "cat/.hidden.png": ascii("x"),
      "dog/notes.txt": ascii("x"),
      "__MACOSX/x.png": ascii("x"),
    });
    const reader = await openPictureFolder(folder, { chunkPictures: 2 });
    assert.deepEqual(reader.shape, [1, 2, 3]);
    assert.deepEqual(reader.classes, ["cat", "dog"]);
    assert.match(reader.summary.join(" "), /3 pictures of 3 x 2 \(width x height\).*1 of \.txt/);
    const pictures = await readPictures(reader);
    assert.deepEqual(pictures.files, ["cat/1.PNG", "cat/more/0.png", "dog/2.png"]);
    assert.deepEqual(pictures.labels, Int32Array.of(0, 0, 1));
    assert.deepEqual(
      [...pictures.pixels],
      [1, 7, 2].flatMap((v) => Array<number>(6).fill(v)),
    );
    const without = await openPictureFolder(folder, { labels: "none" });
    assert.deepEqual(without.classes, []);
    assert.equal((await readPictures(without)).labels, undefined);
  });

  it("brings PNG, JPEG and WebP of any size to one", async () => {
    const flat = (r: number, g: number, b: number) =>
      sharp({ create: { width: 40, height: 28, channels: 3, background: { r, g, b } } });
    const folder = await folderOf({
      "a.jpg": await flat(200, 100, 50).jpeg({ quality: 100 }).toBuffer(),
      "b.webp": await flat(10, 20, 30).webp({ lossless: true }).toBuffer(),
      "c.png": grey(5, 9, 77),
      "d.jpeg": await flat(90, 90, 90).grayscale().jpeg({ quality: 100 }).toBuffer(),
      "e.webp": await flat(10, 20, 30).webp({ quality: 100 }).toBuffer(),
      "f.webp": await noisy(6, 6, 4).webp({ lossless: true }).toBuffer(),
    });
    await assert.rejects(openPictureFolder(folder), (error) => {
      assert.ok(error instanceof DataError);
      assert.match(
        error.message,
        /pictures of one size, got a\.jpg of 40 x 28 and c\.png of 5 x 9/,
      );
      return true;
    });
    const reader = await openPictureFolder(folder, { size: [4, 6] });
    assert.deepEqual(reader.shape, [3, 4, 6]);
    const { pixels } = await readPictures(reader);
    const middle = [0, 1, 2, 3, 4].map((at) =>
      [0, 1, 2].map((c) => pixels[(at * 3 + c) * 24 + 9]!),
    );
    const expected = [
      [200, 100, 50],
      [10, 20, 30],
      [77, 77, 77],
      [90, 90, 90],
      [10, 20, 30],
    ];
    for (const [at, colour] of expected.entries()) {
      colour.forEach((value, c) => {
        assert.ok(Math.abs(middle[at]![c]! - value) <= 3, `${middle[at]}`);
      });
    }
    assert.equal((await openPictureFolder(folder, { size: [4, 6], channels: "grey" })).shape[0], 1);
  });

  it("follows links within the folder, once", async () => {
    const folder = await folderOf({
      "a/1.png": grey(2, 2, 1),
      "b/2.png": "../a/1.png",
      "b/up": "..",
    });
    const pictures = await readPictures(await openPictureFolder(folder));
    assert.deepEqual(pictures.files, ["a/1.png", "b/2.png"]);
    assert.deepEqual([...pictures.pixels], Array<number>(8).fill(1));
  });

  it("leaves out what can't be read, on request, and names it", async () => {
    const folder = await folderOf({
      "1.png": grey(2, 2, 1),
      "2.png": grey(2, 2, 2).subarray(0, -5),
      "3.png": ascii("x"),
      "4.png": grey(2, 2, 4),
    });
    const pictures = await readPictures(await openPictureFolder(folder, { invalid: "skip" }));
    assert.deepEqual(pictures.files, ["1.png", "4.png"]);
    assert.deepEqual([...pictures.pixels], [1, 1, 1, 1, 4, 4, 4, 4]);
    assert.deepEqual(
      pictures.problems.map(({ file }) => file),
      ["2.png", "3.png"],
    );
    assert.match(pictures.problems[0]!.message, /2\.png: expected a whole PNG/);
  });
});

interface Case {
  readonly what: string;
  readonly files: Readonly<Record<string, Uint8Array | string>>;
  readonly options?: PictureFolderOptions;
  readonly error: RegExp;
  readonly kind?: typeof IresnetError;
}

const damaged = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, i) => (i === at ? byte ^ 0x55 : byte));
const stored = (lines: Uint8Array, width = 4, height = 4): Uint8Array =>
  pngFile(pngHeaderChunk(width, height), lines);
const transparent = pngFile(pngHeaderChunk(1, 1, 8, 4), Uint8Array.of(0, 9, 0));

const cases: readonly Case[] = [
  { what: "no files", files: {}, error: /expected PNG, JPEG or WebP pictures, got none/ },
  { what: "only other files", files: { "a.txt": ascii("x") }, error: /got none; check the folder/ },
  {
    what: "an empty file",
    files: { "a.png": new Uint8Array(0) },
    error: /a\.png: expected a PNG, JPEG or WebP picture, got an empty file/,
  },
  {
    what: "text by a picture's name",
    files: { "a.jpg": ascii("not a picture, but a text of some length") },
    error: /a\.jpg: expected a PNG, JPEG or WebP picture, got other bytes/,
  },
  {
    what: "a PNG cut off in its header",
    files: { "a.png": grey(4, 4, 1).subarray(0, 20) },
    error: /a\.png: expected a PNG/,
  },
  {
    what: "a PNG cut off in its pixels",
    files: { "a.png": grey(4, 4, 1).subarray(0, 45) },
    error: /a\.png: expected a whole PNG, got one that ends within its chunk IDAT/,
  },
  {
    what: "a PNG without its last chunk",
    files: { "a.png": grey(4, 4, 1).subarray(0, -12) },
    error: /got one that ends before its last chunk/,
  },
  {
    what: "a PNG with a damaged byte",
    files: { "a.png": damaged(grey(4, 4, 1), 45) },
    error: /a chunk IDAT whose checksum doesn't fit/,
  },
  {
    what: "a PNG of no width",
    files: { "a.png": stored(new Uint8Array(0), 0, 4) },
    error: /a\.png: expected a PNG/,
  },
  {
    what: "a PNG of 60,000 x 60,000",
    files: { "a.png": stored(new Uint8Array(1), 60_000, 60_000) },
    error: /expected at most 67108864 pixels, got 60000 x 60000/,
  },
  {
    what: "a PNG with more pixels than it says",
    files: { "a.png": stored(new Uint8Array(1 << 24)) },
    error: /got more pixels than its header says/,
  },
  {
    what: "a PNG with fewer pixels than it says",
    files: { "a.png": stored(new Uint8Array(12)) },
    error: /got fewer pixels than its header says/,
  },
  {
    what: "a PNG with pixels that aren't deflated",
    files: {
      "a.png": pngOf([
        ["IHDR", pngHeaderChunk(4, 4)],
        ["IDAT", ascii("abcdefgh")],
        ["IEND", new Uint8Array(0)],
      ]),
    },
    error: /got damaged pixels/,
  },
  {
    what: "a PNG without pixels",
    files: {
      "a.png": pngOf([
        ["IHDR", pngHeaderChunk(4, 4)],
        ["IEND", new Uint8Array(0)],
      ]),
    },
    error: /got one without pixels/,
  },
  {
    what: "a PNG of an unknown filter",
    files: { "a.png": stored(new Uint8Array(20).fill(9)) },
    error: /got a line of filter type 9/,
  },
  {
    what: "a PNG of an unknown colour type",
    files: { "a.png": pngFile(pngHeaderChunk(4, 4, 8, 7), new Uint8Array(20)) },
    error: /got colour type 7 of 8 bits/,
  },
  {
    what: "a PNG without its palette",
    files: { "a.png": pngFile(pngHeaderChunk(4, 4, 8, 3), new Uint8Array(20)) },
    error: /got one without its palette/,
  },
  {
    what: "a transparent PNG, which is to be refused",
    files: { "a.png": transparent },
    options: { alpha: "refuse" },
    error: /a\.png: expected a picture without transparency/,
  },
  {
    what: "an animated WebP",
    files: {
      "a.webp": joined(
        ascii("RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0"),
        Uint8Array.of(2),
        new Uint8Array(20),
      ),
    },
    error: /a\.webp: expected a still picture, got an animation/,
  },
  {
    what: "a WebP with only a header",
    files: {
      "a.webp": joined(
        ascii("RIFF\x16\0\0\0WEBPVP8L\x0a\0\0\0/"),
        Uint8Array.of(3, 192, 0, 0),
        new Uint8Array(6),
      ),
    },
    error: /a\.webp: expected a whole picture, got a damaged one/,
  },
  {
    what: "pictures beside classes",
    files: { "a/1.png": grey(1, 1, 1), "2.png": grey(1, 1, 1) },
    error: /expected pictures in subfolders.*got both, such as 2\.png/,
  },
  {
    what: "pictures beside classes, which are wanted",
    files: { "a/1.png": grey(1, 1, 1), "2.png": grey(1, 1, 1) },
    options: { labels: "folders" },
    error: /got 2\.png outside/,
  },
  {
    what: "a link that leads out",
    files: { "a.png": "/etc/hostname" },
    error: /a\.png: expected links within the folder, got one that leads out/,
  },
  {
    what: "a link to a folder outside",
    files: { "1.png": grey(1, 1, 1), b: "/" },
    error: /b: expected links within the folder/,
  },
  {
    what: "a link to nothing",
    files: { "a.png": "gone.png" },
    error: /a\.png: expected a link to a picture or folder, got no such file/,
    kind: FileError,
  },
  {
    what: "an unknown option",
    files: { "a.png": grey(1, 1, 1) },
    options: { sise: [1, 1] } as PictureFolderOptions,
    error: /got "sise"; did you mean "size"/,
    kind: UsageError,
  },
  {
    what: "a size of half a pixel",
    files: { "a.png": grey(1, 1, 1) },
    options: { size: [0.5, 1] },
    error: /size \[height, width\] of whole numbers from 1 to 4096, got \[0.5, 1\]/,
    kind: UsageError,
  },
];

describe("A folder with", () => {
  for (const { what, files, options, error, kind = DataError } of cases) {
    it(what, async () => {
      const folder = await folderOf(files);
      const read = async () => readPictures(await openPictureFolder(folder, options));
      await assert.rejects(read(), (caught) => {
        assert.ok(caught instanceof kind, String(caught));
        assert.match(caught.message, error);
        assert.match(caught.message, /: .*expected .+, got .+/);
        return true;
      });
    });
  }

  it("a JPEG cut off", async () => {
    const whole = await noisy(64, 64, 3).jpeg().toBuffer();
    const folder = await folderOf({ "a.jpg": whole.subarray(0, whole.length >> 1) });
    const read = async () => readPictures(await openPictureFolder(folder));
    await assert.rejects(read(), /a\.jpg: expected a whole picture, got a damaged one/);
  });

  it("no path", async () => {
    await assert.rejects(openPictureFolder(join(root, "nowhere")), (error) => {
      assert.ok(error instanceof FileError);
      assert.match(error.message, /nowhere: expected a folder of pictures, got no such file/);
      return true;
    });
  });
});
